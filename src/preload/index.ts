/** The one bridge between the page and the main process: three calls, no generic send, plain copies only. */
import { contextBridge, ipcRenderer, type IpcRendererEvent } from 'electron'
import { CHANNELS, type Bridge } from '../shared/ipc.ts'
import type { Snapshot } from '../shared/snapshot.ts'

// contextBridge copies every argument and result (structured clone), so page and preload never share an object, and
// the listener wrapper keeps Electron's event, which carries `sender`, out of the page.
const bridge = {
  snapshot: () => ipcRenderer.invoke(CHANNELS.snapshot) as Promise<Snapshot>,
  onSnapshot(listener) {
    const forward = (_event: IpcRendererEvent, snapshot: Snapshot): void => listener(snapshot)
    ipcRenderer.on(CHANNELS.changed, forward)
    return () => {
      ipcRenderer.off(CHANNELS.changed, forward)
    }
  },
  async send(command) {
    await ipcRenderer.invoke(CHANNELS.command, command)
  },
} satisfies Bridge

contextBridge.exposeInMainWorld('clearPresence', bridge)
