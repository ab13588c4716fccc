import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { reset } from './reset.ts'

async function accepted(): Promise<{ readonly server: Socket; readonly client: Socket }> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  const connection = once(listener, 'connection') as Promise<[Socket]>
  await once(listener, 'listening')
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  const [server] = await connection
  onTestFinished(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { server, client }
}

it('resets an open connection', async () => {
  const { server, client } = await accepted()
  const error = once(client, 'error')
  reset(server)
  expect(await error).toMatchObject([{ code: 'ECONNRESET' }])
})

it('closes one whose end is on its way: Node would keep it for ever, and spin when its thread ends', async () => {
  const { server, client } = await accepted()
  client.on('error', () => undefined)
  const closed = once(server, 'close')
  server.end()
  reset(server)
  await closed
})
