/** Resets a connection, whatever state it is in. */
import type { Socket } from 'node:net'

/**
 * Ends a connection by a reset. One that is half closed is ended plainly: libuv refuses to reset while a FIN is on its
 * way (`uv_tcp_close_reset`), and Node then never closes the handle, so that the thread that owns it spins at its end.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded && !socket.writableFinished) socket.destroy()
  else socket.resetAndDestroy()
}
