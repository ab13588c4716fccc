/** `npm run simulator`: runs a simulator until Ctrl+C and says how to use it. */
import { DEMO_CLIENT_ID, DEMO_TENANT_ID, DEMO_USER_NAME, startSimulator } from './index.ts'

const USAGE = `Usage: npm run simulator -- [--auto-approve] [--proxy-port=N] [--control-port=N] [--delay=MS]

  --auto-approve   sign in without asking who
  --proxy-port     fixed port of the proxy (default: a free one)
  --control-port   fixed port of the control API (default: a free one)
  --delay          delay every byte by so many milliseconds each way`

const args = process.argv.slice(2)
const known = /^(--auto-approve|--(proxy-port|control-port|delay)=\d+)$/
if (args.some((a) => !known.test(a))) {
  console.error(USAGE)
  process.exit(args.includes('--help') ? 0 : 2)
}
const numberOf = (name: string): number =>
  Number(args.find((a) => a.startsWith(`--${name}=`))?.split('=')[1] ?? 0)

const simulator = await startSimulator({
  autoApprove: args.includes('--auto-approve'),
  proxyPort: numberOf('proxy-port'),
  controlPort: numberOf('control-port'),
  delayMs: numberOf('delay'),
})

console.log(`Entra ID and Graph presence are simulated on this machine. Start the app with:

  export HTTPS_PROXY=${simulator.env.HTTPS_PROXY}
  export NODE_EXTRA_CA_CERTS=${simulator.env.NODE_EXTRA_CA_CERTS}
  export CLEAR_PRESENCE_CLIENT_ID=${DEMO_CLIENT_ID}
  export CLEAR_PRESENCE_TENANT=${DEMO_TENANT_ID}

Account: ${DEMO_USER_NAME}
Control: ${simulator.controlUrl}
  sessions   curl -s ${simulator.controlUrl}/
  journal    curl -s -X POST ${simulator.controlUrl}/journal
  another program sets a call:
             curl -s ${simulator.controlUrl}/setSession -d '[{"user":"${DEMO_USER_NAME}","clientId":"${DEMO_CLIENT_ID}","availability":"Busy","activity":"InACall"}]'

Ctrl+C ends it.`)

let closing = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (closing) return
    closing = true
    simulator.close().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  })
}
