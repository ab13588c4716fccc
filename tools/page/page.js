// @ts-check
/* The demo's page: asks for the state and the picture again and again, and sends what the person does. */
'use strict'

const key = new URLSearchParams(location.search).get('key') ?? ''
const at = (path) => `${path}?key=${encodeURIComponent(key)}`
const byId = (id) => document.getElementById(id)
const STATE_MS = 400
const PICTURE_MS = 200

/** Sends one act; its failure is shown. */
async function send(act, more = {}) {
  const response = await fetch(at('/do'), { method: 'POST', body: JSON.stringify({ act, ...more }) }).catch(
    () => undefined,
  )
  byId('trouble').textContent = response === undefined || response.ok ? '' : await response.text()
  refresh()
}

for (const button of document.querySelectorAll('button[data-act]')) {
  button.addEventListener('click', () => send(button.dataset.act, { on: button.dataset.on === 'yes' }))
}
byId('close-window').addEventListener('click', () => send('window', { on: false }))
byId('open-window').addEventListener('click', () => send('window', { on: true }))

// The person's hands in the window.
const picture = byId('picture')
let size = { width: 400, height: 592 }
/** Names the picture that is shown. */
let tag = ''
function place(event) {
  const box = picture.getBoundingClientRect()
  return {
    x: Math.round(((event.clientX - box.left) / box.width) * size.width),
    y: Math.round(((event.clientY - box.top) / box.height) * size.height),
  }
}
const input = (...events) => send('input', { events })
picture.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return
  picture.focus()
  event.preventDefault()
  const where = place(event)
  void input({ type: 'mouseMove', ...where }, { type: 'mouseDown', ...where }, { type: 'mouseUp', ...where })
})
picture.addEventListener(
  'wheel',
  (event) => {
    event.preventDefault()
    void input({ type: 'mouseWheel', ...place(event), deltaY: -event.deltaY })
  },
  { passive: false },
)
picture.addEventListener('keydown', (event) => {
  const named = { ArrowUp: 'Up', ArrowDown: 'Down', ArrowLeft: 'Left', ArrowRight: 'Right', ' ': 'Space' }[
    event.key
  ]
  const known = ['Enter', 'Tab', 'Escape', 'Backspace', 'Delete', 'Home', 'End']
  // Tab leaves the picture with Shift held, so that nobody is caught in it.
  if (event.ctrlKey || event.metaKey || event.altKey || (event.key === 'Tab' && event.shiftKey)) return
  const keyCode = named ?? (known.includes(event.key) || event.key.length === 1 ? event.key : undefined)
  if (keyCode === undefined) return
  event.preventDefault()
  const modifiers = event.shiftKey ? ['shift'] : []
  void input({ type: 'keyDown', keyCode, modifiers }, { type: 'keyUp', keyCode, modifiers })
})

/** Makes an element. */
function make(name, props = {}, ...children) {
  const element = Object.assign(document.createElement(name), props)
  element.append(...children)
  return element
}
const clockTime = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false })

/** Replaces children only when they changed, so that nothing flickers or loses the focus. */
const drawn = new Map()
function draw(id, value, build) {
  const text = JSON.stringify(value)
  if (drawn.get(id) === text) return
  drawn.set(id, text)
  byId(id).replaceChildren(...build(value))
}

function menuItems(entries, path = []) {
  return entries
    .filter((entry) => entry.visible)
    .map((entry) => {
      const here = [...path, entry.label]
      if (entry.type === 'separator') return make('hr')
      if (entry.submenu !== undefined) {
        const summary = make('summary', { className: entry.enabled ? '' : 'off' }, entry.label)
        return make('details', {}, summary, ...menuItems(entry.submenu, here))
      }
      return make(
        'button',
        { disabled: !entry.enabled, onclick: () => send('tray', { path: here }) },
        entry.label,
      )
    })
}

function show(state) {
  const { machine, graph, opened, ended } = state
  byId('about').textContent =
    `Simulated Microsoft, the app as built, as on ${state.system}, run by ${state.runner}.`
  byId('lost').hidden = true
  document.body.classList.toggle('own-machine', !state.canAct && ended === null)
  byId('screen').hidden = !state.canAct && ended === null

  // A sign-in that was cancelled in the app needs no page any more.
  const signingIn = machine?.tray?.menu.some(({ id }) => id === 'cancel-sign-in') ?? true
  byId('opened').hidden = opened === null || ended !== null || (opened.simulated && !signingIn)
  if (opened !== null) {
    byId('opened-text').textContent = opened.simulated
      ? 'The app opened its sign-in page in your browser. It is simulated: there is no password, and nothing leaves this machine.'
      : `The app has opened ${opened.href}`
    byId('opened-link').href = opened.href
  }
  byId('ended').hidden = ended === null
  byId('ended-text').textContent =
    `The app has ended${ended === 0 ? '' : ` with ${ended}`}. Sessions left in Graph: ${graph.sessions.length}.`

  const window_ = machine?.window ?? null
  if (window_ !== null) size = window_
  else if (picture.src !== '') {
    // The next window must not begin with the last one's picture.
    picture.removeAttribute('src')
    tag = ''
  }
  byId('picture').hidden = window_ === null || !picture.src
  byId('no-window').hidden = window_ !== null && Boolean(picture.src)
  byId('close-window').hidden = window_ === null
  byId('open-window').hidden = machine == null || window_ !== null
  byId('no-window-text').textContent =
    ended !== null
      ? 'The app has ended.'
      : machine == null || window_ !== null
        ? 'Starting ...'
        : 'The window is closed. The app goes on in the tray.'
  byId('poll-note').hidden = state.system !== 'Linux' || !state.canAct
  const flags = [
    machine?.locked && 'Locked',
    machine?.asleep && 'Asleep',
    state.offline && 'No network',
  ].filter(Boolean)
  byId('veil').hidden = flags.length === 0 || window_ === null
  byId('veil').textContent = flags.join(' · ')

  const tray = machine?.tray ?? null
  byId('tray-box').hidden = tray === null
  byId('tray-icon').hidden = tray === null
  if (tray !== null) {
    const icon = `data:image/png;base64,${tray.image}`
    if (byId('tray-icon').src !== icon) byId('tray-icon').src = icon
    byId('tray-tip').textContent = tray.toolTip
    picture.alt = `The window of Clear Presence. ${tray.toolTip}`
    draw('tray-menu', tray.menu, menuItems)
  }
  for (const button of document.querySelectorAll('#computer button[data-act]')) {
    const { act, on } = button.dataset
    const now = { lock: machine?.locked, sleep: machine?.asleep, network: !state.offline }[act]
    const own = act === 'lock' || act === 'sleep' || act === 'quit'
    button.hidden = own && !state.canAct && ended === null
    button.disabled =
      (own && machine == null) || ended !== null || (now !== undefined && now === (on === 'yes'))
  }

  byId('presence-who').textContent = `what colleagues see of ${graph.person}`
  byId('presence-text').textContent =
    graph.availability === graph.activity ? graph.availability : `${graph.availability}, ${graph.activity}`
  draw('sessions', graph.sessions, (sessions) =>
    sessions.length === 0
      ? [make('li', { className: 'none' }, 'No presence session.')]
      : sessions.map(({ pair, by, setAt, expiresAt }) =>
          make(
            'li',
            {},
            make('b', {}, pair),
            make('br'),
            `set by ${by} at ${clockTime(setAt)}, ends by itself at ${clockTime(expiresAt)}`,
          ),
        ),
  )
  draw('story', state.story, (lines) =>
    lines.map(({ at: when, kind, text, answer }) =>
      make(
        'li',
        { className: kind },
        make('time', {}, clockTime(when)),
        kind === 'graph' ? make('b', {}, text) : make('span', {}, text),
        make('span', { className: 'answer' }, answer ?? ''),
      ),
    ),
  )
}

// The app's window follows the system, and for this page the person's browser is the system.
const darkness = matchMedia('(prefers-color-scheme: dark)')
let sent
function shareDarkness(running) {
  if (!running) sent = false
  else if (sent !== darkness.matches) {
    sent = darkness.matches
    void send('dark', { on: sent })
  }
}

let asked = 0
async function refresh() {
  const mine = (asked += 1)
  try {
    const response = await fetch(at('/state'))
    const state = await response.json()
    if (mine === asked) show(state)
    shareDarkness(state.canAct)
  } catch {
    if (mine === asked) byId('lost').hidden = false
  }
}

async function refreshPicture() {
  try {
    const response = await fetch(at('/picture'), { headers: tag === '' ? {} : { 'if-none-match': tag } })
    if (response.status !== 200) return
    tag = response.headers.get('etag') ?? ''
    const old = picture.src
    picture.src = URL.createObjectURL(await response.blob())
    if (old.startsWith('blob:')) picture.decode().finally(() => URL.revokeObjectURL(old))
  } catch {
    // The demo has ended: `refresh` says so.
  }
}

/** One at a time, and only while somebody looks. */
async function loop(work, ms) {
  for (;;) {
    if (!document.hidden) await work()
    await new Promise((done) => setTimeout(done, ms))
  }
}
void loop(refresh, STATE_MS)
void loop(refreshPicture, PICTURE_MS)
