/**
 * Runs inside the page, before its own scripts: a fake bridge that remembers what was sent, and questions about what
 * a person sees. Plain JavaScript, because tests are not type-checked against the browser's types.
 */
'use strict'

globalThis.probe = (() => {
  const violations = []
  const sent = []
  const listeners = new Set()
  // The window's name outlives a reload: so one page can be loaded on one snapshot after the other.
  let snapshot = window.name === '' ? null : JSON.parse(window.name)
  let refuse = false
  document.addEventListener('securitypolicyviolation', (event) =>
    violations.push(`${event.violatedDirective} ${event.blockedURI}`),
  )

  const bridge = Object.freeze({
    snapshot: () => Promise.resolve(snapshot),
    onSnapshot: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    send: (command) => {
      sent.push(command)
      return refuse ? Promise.reject(new Error('refused')) : Promise.resolve()
    },
  })
  Object.defineProperty(globalThis, 'clearPresence', { value: bridge })

  const visible = (element) => element.checkVisibility({ visibilityProperty: true })
  const interactive = () =>
    [
      ...document.querySelectorAll(
        'button:not(:disabled), summary, a[href], input, select, textarea, [tabindex]',
      ),
    ].filter(visible)

  /** sRGB to relative luminance, WCAG 2.2. */
  const luminance = ([red, green, blue]) => {
    const linear = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear(red / 255) + 0.7152 * linear(green / 255) + 0.0722 * linear(blue / 255)
  }
  const channels = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const ground = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const [red, green, blue, alpha = 1] = channels(getComputedStyle(at).backgroundColor)
      if (alpha > 0) return [red, green, blue]
    }
    return [255, 255, 255]
  }
  const faint = () => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    const found = []
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement
      if (node.data.trim() === '' || !visible(element) || element.closest(':disabled, [aria-disabled=true]'))
        continue
      const [one, two] = [luminance(channels(getComputedStyle(element).color)), luminance(ground(element))]
      const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05)
      if (ratio < 4.5) found.push(`${node.data.trim()} (${ratio.toFixed(2)})`)
    }
    return found
  }

  return {
    sent,
    show: (next) => {
      snapshot = next
      for (const listener of listeners) listener(next)
    },
    refuse: (value) => {
      refuse = value
    },
    /** What stands in the window, measured. */
    report: () => {
      const heading = document.querySelector('h1')
      const range = document.createRange()
      range.selectNodeContents(heading)
      return {
        sentence: heading.textContent,
        sentenceWidth: range.getBoundingClientRect().width,
        scrollWidth: document.documentElement.scrollWidth,
        clipped: [...document.querySelectorAll('body *')]
          .filter((element) => visible(element) && !element.closest('.visually-hidden'))
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 120)),
        violations,
        faint: faint(),
        landmarks: ['header', 'main', 'footer', '[role=status]'].filter(
          (name) => document.querySelector(name) === null,
        ),
      }
    },
    /** The elements a person can operate, in order; each remembers its number for `focused`. */
    interactive: () => interactive().map((element) => element.textContent.trim()),
    /** Which of them has the focus, and whether that can be seen. -1 when none. */
    focused: () => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
      return {
        index: interactive().indexOf(document.activeElement),
        outlined: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
      }
    },
    openFolds: () => {
      for (const fold of document.querySelectorAll('details')) fold.open = true
    },
    textSize: (size) => {
      document.documentElement.style.fontSize = size
    },
  }
})()
