/** Everything that can go wrong, as named values: strings.ts says what each means for the user and what to do. */

/** The name of something that went wrong. Each has a title, a meaning and an action in `strings.ts`. */
export type ProblemCode =
  // Configuration: nothing can work until it is mended.
  | 'client-id-missing'
  | 'client-id-invalid'
  | 'tenant-invalid'
  | 'cloud-unknown'
  // Sign-in.
  | 'sign-in-cancelled'
  | 'sign-in-timed-out'
  | 'sign-in-failed'
  | 'browser-failed'
  | 'personal-account'
  | 'consent-declined'
  | 'admin-consent-needed'
  | 'client-unknown'
  | 'tenant-unknown'
  | 'wrong-cloud'
  | 'redirect-not-registered'
  | 'public-client-not-allowed'
  | 'user-not-assigned'
  | 'account-blocked'
  | 'policy-blocked'
  | 'device-code-expired'
  | 'device-code-blocked'
  | 'needs-sign-in'
  // Network between this machine and Microsoft.
  | 'no-network'
  | 'not-reached'
  | 'captive-portal'
  | 'proxy-refused'
  | 'proxy-unreachable'
  | 'certificate-untrusted'
  | 'throttled'
  | 'server-trouble'
  | 'clock-wrong'
  // Answers of Graph.
  | 'not-permitted'
  | 'not-supported'
  | 'wrong-user'
  | 'unexpected-answer'
  // What this machine keeps.
  | 'settings-corrupt'
  | 'settings-newer'
  | 'settings-unwritable'
  | 'autostart-unwritable'
  | 'registry-corrupt'
  | 'registry-newer'
  | 'registry-unwritable'
  | 'history-corrupt'
  | 'history-newer'
  | 'history-unwritable'
  | 'token-cache-unreadable'
  | 'token-cache-unwritable'
  | 'keyring-missing'
  | 'keyring-locked'
  | 'sender-down'
  // A set that was not done.
  | 'away'
  | 'set-refused'
  | 'set-throttled'
  | 'set-not-written'
  | 'signing-out'
  | 'signed-out'

/** Something that went wrong, safe to show and to log. */
export interface Problem {
  readonly code: ProblemCode
  /** Technical detail without secrets (a file name, an AADSTS number, a scope), shown under "Details". */
  readonly detail?: string
}
