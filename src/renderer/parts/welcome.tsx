/** When the app can help and when not: said before the first sign-in, and until something has happened. */
import { words } from '../../shared/strings.ts'

/** Two short lists. */
export function Welcome() {
  const { title, does, doesNotTitle, doesNot } = words.welcome
  return (
    <section className="welcome" aria-label={title}>
      <h2>{title}</h2>
      <ul>
        {does.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <h2>{doesNotTitle}</h2>
      <ul>
        {doesNot.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </section>
  )
}
