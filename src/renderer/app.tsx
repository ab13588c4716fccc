/** The whole window: which parts stand for which face. It shows a snapshot and sends commands; it decides nothing. */
import { useCallback, useState } from 'react'
import type { Bridge, Command } from '../shared/ipc.ts'
import type { Snapshot } from '../shared/snapshot.ts'
import { words, type Reading } from '../shared/strings.ts'
import { ClearAction, SetAction } from './parts/actions.tsx'
import { CommandButton, SendContext } from './parts/command.tsx'
import { Details } from './parts/details.tsx'
import { Footer } from './parts/footer.tsx'
import { Header } from './parts/header.tsx'
import { History } from './parts/history.tsx'
import { Notices } from './parts/notices.tsx'
import { ProblemCard } from './parts/problem.tsx'
import { SigningInCard, SignInButtons } from './parts/sign-in.tsx'
import { Settings, StartOffer } from './parts/start-at-login.tsx'
import { UpdateReady } from './parts/update.tsx'
import { StatusCard } from './parts/status-card.tsx'
import { Welcome } from './parts/welcome.tsx'
import { useNow, useSnapshot } from './use-snapshot.ts'

/** The window over one bridge. */
export function App({ bridge }: { readonly bridge: Bridge }) {
  const snapshot = useSnapshot(bridge)
  const now = useNow()
  const [refused, setRefused] = useState(false)
  const send = useCallback(
    async (command: Command) => {
      try {
        await bridge.send(command)
        setRefused(false)
        return true
      } catch {
        // The main process has logged why; the page only says that nothing happened.
        setRefused(true)
        return false
      }
    },
    [bridge],
  )
  if (snapshot === null) return <p className="loading">{words.window.loading}</p>
  const reading = { locale: navigator.language, now: Math.max(now, newestMoment(snapshot)) }
  return (
    <SendContext value={send}>
      {snapshot.demo && (
        <aside className="demo" aria-label={words.window.demoTitle}>
          <strong>{words.window.demoTitle}.</strong> {words.window.demoText}
        </aside>
      )}
      <Header snapshot={snapshot} reading={reading} />
      <main className="main">
        <div role="alert">{refused && <p className="refused">{words.window.refused}</p>}</div>
        <Notices notices={snapshot.notices} />
        <UpdateReady version={snapshot.update} />
        <StartOffer startAtLogin={snapshot.startAtLogin} />
        <FaceParts snapshot={snapshot} reading={reading} />
        <Settings startAtLogin={snapshot.startAtLogin} />
        <Details snapshot={snapshot} reading={reading} />
      </main>
      <Footer canSignOut={snapshot.account !== null && !isSigningOut(snapshot)} />
    </SendContext>
  )
}

function FaceParts({ snapshot, reading }: { readonly snapshot: Snapshot; readonly reading: Reading }) {
  const { face, history } = snapshot
  switch (face.kind) {
    case 'not-configured':
      return (
        <>
          <ProblemCard problem={face.problem} />
          <Welcome />
        </>
      )
    case 'signed-out':
      return (
        <>
          {face.problem !== null && <ProblemCard problem={face.problem} />}
          <SignInButtons again={false} />
          <Welcome />
        </>
      )
    case 'signing-in':
      return <SigningInCard signingIn={face} reading={reading} />
    case 'needs-sign-in':
      return (
        <>
          <ProblemCard problem={face.problem} />
          <SignInButtons again />
          <StatusCard snapshot={snapshot} reading={reading} />
          <History history={history} reading={reading} />
        </>
      )
    case 'not-supported':
      return <ProblemCard problem={{ code: 'not-supported' }} />
    case 'not-cleared':
      return (
        <>
          <ProblemCard problem={face.problem}>
            <CommandButton command={{ type: 'retry-now' }}>{words.window.retry}</CommandButton>
            {face.signingOut && (
              <CommandButton command={{ type: 'forget-now' }}>{words.window.forgetNow}</CommandButton>
            )}
          </ProblemCard>
          {face.signingOut && <p className="note">{words.window.forgetNowNote}</p>}
          <Everyday snapshot={snapshot} reading={reading} />
        </>
      )
    case 'not-permitted':
      return (
        <>
          <ProblemCard problem={face.problem}>
            <CommandButton command={{ type: 'sign-in', method: 'browser' }}>
              {words.window.signInAgain}
            </CommandButton>
          </ProblemCard>
          <Everyday snapshot={snapshot} reading={reading} />
        </>
      )
    case 'on':
      return (
        <>
          <Everyday snapshot={snapshot} reading={reading} />
          {history.length === 0 && <Welcome />}
        </>
      )
    case 'clearing':
    case 'cleared':
    case 'nothing-to-clear':
      return <Everyday snapshot={snapshot} reading={reading} />
  }
}

/** What stands in the window on every ordinary day. */
function Everyday({ snapshot, reading }: { readonly snapshot: Snapshot; readonly reading: Reading }) {
  return (
    <>
      <StatusCard snapshot={snapshot} reading={reading} />
      <ClearAction clearing={snapshot.face.kind === 'clearing'} />
      <SetAction snapshot={snapshot} />
      <History history={snapshot.history} reading={reading} />
    </>
  )
}

function isSigningOut({ face }: Snapshot): boolean {
  return face.kind === 'not-cleared' && face.signingOut
}

/** The page's clock ticks every half minute; what has just happened must not lie in its future. */
function newestMoment({ face, presence, history }: Snapshot): number {
  return Math.max('at' in face ? face.at : 0, presence?.at ?? 0, history[0]?.at ?? 0)
}
