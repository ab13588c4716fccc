import { host, needsReady } from '../host.ts'
import { createEvent, fire, Part } from '../part.ts'

/** Which platforms send which event (Electron's documentation). Others may be listened to, and never come. */
const EVENTS: Record<string, readonly string[]> = {
  'lock-screen': ['win32', 'darwin'],
  'unlock-screen': ['win32', 'darwin'],
  suspend: ['win32', 'darwin', 'linux'],
  resume: ['win32', 'darwin', 'linux'],
  shutdown: ['darwin', 'linux'],
  'user-did-become-active': ['darwin'],
  'user-did-resign-active': ['darwin'],
  'on-ac': ['win32', 'darwin'],
  'on-battery': ['win32', 'darwin'],
  'thermal-state-change': ['darwin'],
  'speed-limit-change': ['win32', 'darwin'],
}

/** What `getSystemIdleState` may answer. */
export type IdleState = 'active' | 'idle' | 'locked' | 'unknown'

/** Electron's `powerMonitor`. Nothing comes from the machine: tests and the control are the operating system. */
export class PowerMonitor extends Part {
  onBatteryPower = false
  private idleSeconds = 0
  private locked = false
  private forcedState: IdleState | undefined
  private started = false
  private delaysShutdown = false

  constructor() {
    super()
    this.on('newListener', (event: string) => {
      if (event === 'newListener' || event === 'removeListener') return
      needsReady("The 'powerMonitor' module")
      // On Linux Electron takes its shutdown lock by what was listened to *before* the first listener is added.
      const first = !this.started
      this.started = true
      if (event === 'shutdown' && !first) this.delaysShutdown = host.platform === 'linux'
    })
    this.on('removeListener', (event: string) => {
      if (event === 'shutdown')
        this.delaysShutdown = host.platform === 'linux' && this.listenerCount('shutdown') > 0
    })
  }

  getSystemIdleState(idleThreshold: number): IdleState {
    needsReady("The 'powerMonitor' module")
    if (!(idleThreshold > 0)) throw new TypeError('Invalid idle threshold, must be greater than 0')
    if (this.forcedState !== undefined) return this.forcedState
    if (this.locked) return 'locked'
    return this.idleSeconds >= idleThreshold ? 'idle' : 'active'
  }

  getSystemIdleTime(): number {
    needsReady("The 'powerMonitor' module")
    return this.idleSeconds
  }

  getCurrentThermalState(): 'unknown' {
    return 'unknown'
  }

  isOnBatteryPower(): boolean {
    return this.onBatteryPower
  }

  /** Not Electron's: the operating system reports something. @throws Error for an event this platform never sends. */
  _report(event: string): { prevented: boolean } {
    if (EVENTS[event]?.includes(host.platform) !== true) {
      throw new Error(`stand-in: powerMonitor never sends '${event}' on ${host.platform}`)
    }
    if (event === 'lock-screen') this.locked = true
    if (event === 'unlock-screen') this.locked = false
    const details = createEvent({})
    fire(this, event, details)
    return { prevented: details.defaultPrevented }
  }

  /** Not Electron's: what the poll functions answer from now on; `undefined` follows the lock events and the time. */
  _setIdle(idle: { state?: IdleState | undefined; seconds?: number | undefined }): void {
    if ('state' in idle) this.forcedState = idle.state
    if (idle.seconds !== undefined) this.idleSeconds = idle.seconds
  }

  /** Not Electron's: whether Electron would hold its own shutdown lock now (Linux). */
  _delaysShutdown(): boolean {
    return this.delaysShutdown
  }
}
