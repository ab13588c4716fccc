/** Every word the user reads, in English. A second language is one more object of the type `Words`. */
import type { Cloud, Pair } from './presence.ts'
import type { ProblemCode } from './problem.ts'
import type { HistoryEntry, LockWatcher } from './snapshot.ts'

/** What the user reads about one problem. */
export interface ProblemWords {
  /** A few words that continue a sentence ("Not cleared: no network."), without a capital or a full stop. */
  readonly short: string
  /** A heading of one line. */
  readonly title: string
  /** What it means for the user's presence. */
  readonly meaning: string
  /** What to do. */
  readonly action: string
}

const NOTHING_CLEARED = 'Nothing is being cleared.'
const NOT_SIGNED_IN = 'You are not signed in. Nothing is being cleared.'
const KEEPS_TRYING = 'Your call status may still show. The app keeps trying.'

const problems: Record<ProblemCode, ProblemWords> = {
  'client-id-missing': {
    short: 'not set up',
    title: 'Not connected to your organisation yet',
    meaning: `The app needs the client id of an app registration in your tenant. ${NOTHING_CLEARED}`,
    action:
      'Register the app, or ask your administrator for the client id and the tenant. Then start the app again.',
  },
  'client-id-invalid': {
    short: 'the client id is not valid',
    title: 'The client id is not valid',
    meaning: `A client id looks like 00000000-0000-0000-0000-000000000000. ${NOTHING_CLEARED}`,
    action: 'Copy the "Application (client) ID" from the app registration again, then start the app again.',
  },
  'tenant-invalid': {
    short: 'the tenant is not valid',
    title: 'The tenant is not valid',
    meaning: `A tenant is a directory id or a domain such as contoso.com. ${NOTHING_CLEARED}`,
    action: 'Copy the "Directory (tenant) ID" from the app registration again, then start the app again.',
  },
  'cloud-unknown': {
    short: 'the cloud is not known',
    title: 'The Microsoft cloud is not known',
    meaning: `The setting names a cloud that does not exist. ${NOTHING_CLEARED}`,
    action: 'Use one of: global, us-gov, us-dod, china. Then start the app again.',
  },
  'sign-in-cancelled': {
    short: 'sign-in was cancelled',
    title: 'Sign-in was cancelled',
    meaning: NOT_SIGNED_IN,
    action: 'Sign in when you are ready.',
  },
  'sign-in-timed-out': {
    short: 'sign-in took too long',
    title: 'Sign-in was not finished in time',
    meaning: NOT_SIGNED_IN,
    action: 'Sign in again. If the browser page was closed, this starts a new one.',
  },
  'sign-in-failed': {
    short: 'sign-in failed',
    title: 'Sign-in failed',
    meaning: NOT_SIGNED_IN,
    action: 'Try again. If it fails again, send the details below to your administrator.',
  },
  'browser-failed': {
    short: 'the browser did not open',
    title: 'The browser could not be opened',
    meaning: NOT_SIGNED_IN,
    action: 'Sign in with a code instead: it works with a browser on any device.',
  },
  'personal-account': {
    short: 'that was a personal account',
    title: 'That was a personal Microsoft account',
    meaning: 'Presence exists only for work and school accounts. You are not signed in.',
    action: 'Sign in with the account that you use in Teams at work.',
  },
  'consent-declined': {
    short: 'permission was declined',
    title: 'Permission was declined',
    meaning: 'Without it the app cannot change your presence. You are not signed in.',
    action: 'Sign in again and accept, or ask your administrator what the app is for.',
  },
  'admin-consent-needed': {
    short: 'an administrator must approve the app',
    title: 'An administrator must approve this app',
    meaning: 'Your organisation does not let users approve it themselves. You are not signed in.',
    action: 'Ask your administrator to approve Presence.ReadWrite and Presence.Read for this app.',
  },
  'client-unknown': {
    short: 'the app is not known in this tenant',
    title: 'Your tenant does not know this app',
    meaning: `The client id is wrong, or it is registered in another tenant. ${NOTHING_CLEARED}`,
    action: 'Compare client id and tenant under Details with the app registration.',
  },
  'tenant-unknown': {
    short: 'the tenant was not found',
    title: 'The tenant was not found',
    meaning: `Microsoft does not know the tenant in the settings. ${NOTHING_CLEARED}`,
    action: 'Compare the tenant under Details with the "Directory (tenant) ID" of your organisation.',
  },
  'wrong-cloud': {
    short: 'the account is in another Microsoft cloud',
    title: 'This account lives in another Microsoft cloud',
    meaning: NOT_SIGNED_IN,
    action: 'Ask your administrator which cloud your organisation uses, and set it for this app.',
  },
  'redirect-not-registered': {
    short: 'the app registration lacks a redirect address',
    title: 'The app registration lacks a redirect address',
    meaning: 'Sign-in in the browser cannot return to the app. You are not signed in.',
    action:
      'Add the platform "Mobile and desktop applications" with http://localhost to the app registration, or sign in with a code.',
  },
  'public-client-not-allowed': {
    short: 'the app registration is not a public client',
    title: 'The app registration is not a public client',
    meaning: NOT_SIGNED_IN,
    action: 'In the app registration, under Authentication, set "Allow public client flows" to Yes.',
  },
  'user-not-assigned': {
    short: 'you are not assigned to this app',
    title: 'You are not assigned to this app',
    meaning: 'Your organisation gives this app to some people only. You are not signed in.',
    action: 'Ask your administrator to assign you to the app.',
  },
  'account-blocked': {
    short: 'the account is blocked',
    title: 'This account is blocked',
    meaning: 'It is disabled or locked at Microsoft. You are not signed in.',
    action: 'Ask your administrator.',
  },
  'policy-blocked': {
    short: "your organisation's policy blocks sign-in",
    title: "Your organisation's policy blocks this sign-in",
    meaning: 'A conditional access rule refused it. You are not signed in.',
    action: 'Sign in from a managed device or network, or send the details below to your administrator.',
  },
  'device-code-expired': {
    short: 'the code expired',
    title: 'The code expired',
    meaning: NOT_SIGNED_IN,
    action: 'Get a new code, or sign in with the browser.',
  },
  'device-code-blocked': {
    short: 'sign-in with a code is not allowed',
    title: 'Your organisation does not allow sign-in with a code',
    meaning: NOT_SIGNED_IN,
    action: 'Sign in with the browser.',
  },
  'needs-sign-in': {
    short: 'sign-in needed',
    title: 'Microsoft wants you to sign in again',
    meaning: 'Your sign-in has ended. Nothing is cleared until you sign in again.',
    action: 'Sign in again. Your settings are kept.',
  },
  'no-network': {
    short: 'no network',
    title: 'No network',
    meaning: KEEPS_TRYING,
    action: 'Connect this computer to a network.',
  },
  'not-reached': {
    short: 'Microsoft was not reached',
    title: 'Microsoft could not be reached',
    meaning: KEEPS_TRYING,
    action: 'Check the connection. A firewall may block graph.microsoft.com.',
  },
  'captive-portal': {
    short: 'the network wants you to sign in to it',
    title: 'This network has a sign-in page of its own',
    meaning: KEEPS_TRYING,
    action: "Open a browser, finish the network's own sign-in, then try again.",
  },
  'proxy-refused': {
    short: 'the proxy refused',
    title: 'The proxy refused the connection',
    meaning: KEEPS_TRYING,
    action: 'Ask your administrator to let this app through the proxy.',
  },
  'proxy-unreachable': {
    short: 'the proxy was not reached',
    title: 'The proxy could not be reached',
    meaning: KEEPS_TRYING,
    action: "Check the computer's proxy setting, or connect to the network that has the proxy.",
  },
  'certificate-untrusted': {
    short: 'the connection is not trusted',
    title: 'The connection is not trusted',
    meaning: `Something between this computer and Microsoft shows a certificate that is not trusted. ${KEEPS_TRYING}`,
    action: "If your organisation inspects traffic, its certificate must be in this computer's store.",
  },
  throttled: {
    short: 'Microsoft asks us to wait',
    title: 'Microsoft asks us to wait',
    meaning: KEEPS_TRYING,
    action: 'Nothing to do: the app tries again when it may.',
  },
  'server-trouble': {
    short: 'Microsoft has trouble',
    title: 'Microsoft has trouble',
    meaning: KEEPS_TRYING,
    action: 'Nothing to do: the app tries again.',
  },
  'clock-wrong': {
    short: "this computer's clock is wrong",
    title: "This computer's clock is wrong",
    meaning: 'Sign-in and certificates depend on the time, so they fail.',
    action: 'Set date and time to automatic, then try again.',
  },
  'not-permitted': {
    short: 'a permission is missing',
    title: 'A permission is missing',
    meaning: 'Microsoft says that this app may not change your presence. Nothing is being cleared.',
    action: 'Ask your administrator to grant Presence.ReadWrite to this app, then sign in again.',
  },
  'not-supported': {
    short: 'not supported in this cloud',
    title: 'This Microsoft cloud has no presence to clear',
    meaning: NOTHING_CLEARED,
    action: 'Nothing to do: the app cannot help in this cloud.',
  },
  'wrong-user': {
    short: 'Microsoft does not know this user',
    title: 'Microsoft does not know this user',
    meaning: 'The account was removed, or the app is set to the wrong cloud. Nothing is being cleared.',
    action: 'Sign out and sign in again. If that does not help, ask your administrator.',
  },
  'unexpected-answer': {
    short: 'an unexpected answer',
    title: 'Microsoft gave an answer that we do not know',
    meaning: KEEPS_TRYING,
    action: 'If it stays, send the details below to your administrator.',
  },
  'settings-corrupt': {
    short: 'the settings file was damaged',
    title: 'The settings file was damaged',
    meaning: 'It was kept aside, and the settings are back to their defaults. Clearing works.',
    action: 'Look at the settings once. The old file is beside the new one.',
  },
  'settings-newer': {
    short: 'the settings are from a newer version',
    title: 'The settings are from a newer version',
    meaning: 'They were kept aside, and this version uses its defaults. Clearing works.',
    action: 'Install the newer version again, or go on with the defaults.',
  },
  'settings-unwritable': {
    short: 'the settings could not be saved',
    title: 'The settings could not be saved',
    meaning: 'Changes are lost when the app ends. Clearing works.',
    action: 'Check that the disk is not full and that you may write to the folder.',
  },
  'autostart-unwritable': {
    short: 'the start with the computer could not be changed',
    title: 'The start with the computer could not be changed',
    meaning: 'The app starts with the computer, or does not, as before. Clearing works while it runs.',
    action: "Look at your system's own settings for programs that start at sign-in.",
  },
  'registry-corrupt': {
    short: 'the record of your call status was damaged',
    title: 'The record of your call status was damaged',
    meaning: 'It was kept aside. A call status set before may show until it ends by itself.',
    action: 'Press "Clear my call status" once to be sure.',
  },
  'registry-newer': {
    short: 'the record is from a newer version',
    title: 'The record of your call status is from a newer version',
    meaning: 'It was kept aside. A call status set before may show until it ends by itself.',
    action: 'Press "Clear my call status" once to be sure, and install the newer version again.',
  },
  'registry-unwritable': {
    short: 'the record could not be saved',
    title: 'The record of your call status could not be saved',
    meaning: 'Clearing works now, but what is still owed is forgotten if the app ends. Setting is refused.',
    action: 'Check that the disk is not full and that you may write to the folder.',
  },
  'history-corrupt': {
    short: 'the history was damaged',
    title: 'The history was damaged',
    meaning: 'It was kept aside and starts anew. Clearing works.',
    action: 'Nothing to do.',
  },
  'history-newer': {
    short: 'the history is from a newer version',
    title: 'The history is from a newer version',
    meaning: 'It was kept aside and starts anew. Clearing works.',
    action: 'Nothing to do.',
  },
  'history-unwritable': {
    short: 'the history could not be saved',
    title: 'The history could not be saved',
    meaning: 'It is lost when the app ends. Clearing works.',
    action: 'Check that the disk is not full and that you may write to the folder.',
  },
  'token-cache-unreadable': {
    short: 'your sign-in could not be read',
    title: 'Your saved sign-in could not be read',
    meaning: 'It was kept aside. Nothing is cleared until you sign in again.',
    action: 'Sign in again.',
  },
  'token-cache-unwritable': {
    short: 'your sign-in could not be saved',
    title: 'Your sign-in could not be saved',
    meaning: 'Clearing works until the app ends; then you have to sign in again.',
    action: 'Check that the disk is not full and that you may write to the folder.',
  },
  'keyring-missing': {
    short: 'no keyring',
    title: 'This computer has no keyring',
    meaning:
      'Your sign-in is kept in memory only, never in plain text: after the app ends you sign in again.',
    action: 'Install a keyring (GNOME Keyring or KWallet) to stay signed in.',
  },
  'keyring-locked': {
    short: 'the keyring is locked',
    title: 'The keyring is locked',
    meaning: 'Your saved sign-in cannot be read. Nothing is cleared until it is open or you sign in again.',
    action: 'Unlock the keyring and start the app again, or sign in again.',
  },
  'sender-down': {
    short: 'a part of the app is not running',
    title: 'A part of the app stopped',
    meaning: 'The part that clears your call status does not start.',
    action:
      'Quit the app and start it again. If it stays, open the logs and send them to your administrator.',
  },
  away: {
    short: 'you are away',
    title: 'Not set: this computer counts as left',
    meaning: 'A call status is only set while you are at this computer. Nothing was changed.',
    action: 'Unlock the computer and set it again.',
  },
  'set-refused': {
    short: 'Microsoft refused it',
    title: 'Not set: Microsoft refused it',
    meaning: 'Your call status is what it was.',
    action: 'Try another one. If it is refused again, send the details below to your administrator.',
  },
  'set-throttled': {
    short: 'Microsoft asks us to wait',
    title: 'Not set: Microsoft asks us to wait',
    meaning: 'Your call status is what it was.',
    action: 'Try again in a few minutes.',
  },
  'set-not-written': {
    short: 'it could not be written down',
    title: 'Not set: it could not be written down first',
    meaning: 'What is not written down might not be cleared later, so it was not sent. Nothing was changed.',
    action: 'Check that the disk is not full and that you may write to the folder.',
  },
  'signing-out': {
    short: 'you are signing out',
    title: 'Not set: you are signing out',
    meaning: 'The last clear is still open. Nothing was changed.',
    action: 'Wait until it is done, then sign in again.',
  },
  'signed-out': {
    short: 'you are not signed in',
    title: 'Not done: you are not signed in',
    meaning: 'Nothing was changed.',
    action: 'Sign in first.',
  },
}

const departures: Record<HistoryEntry['departure'], string> = {
  lock: 'when you locked',
  sleep: 'when the computer slept',
  disconnect: 'when you disconnected',
  'user-switch': 'when you switched users',
  quit: 'when you quit the app',
  'log-off': 'when you logged off',
  shutdown: 'when the computer shut down',
  'sign-out': 'when you signed out',
  idle: 'when you were idle',
  manual: 'when you asked',
  interrupted: 'after the app was interrupted',
}

const pairs: Record<Pair, string> = {
  'Available/Available': 'Available',
  'Busy/InACall': 'Busy, in a call',
  'Busy/InAConferenceCall': 'Busy, in a conference call',
  'DoNotDisturb/Presenting': 'Do not disturb, presenting',
  'Away/Away': 'Away',
}

const clouds: Record<Cloud, string> = {
  global: 'Microsoft 365 (worldwide)',
  'us-gov': 'Microsoft 365 US Government (GCC High)',
  'us-dod': 'Microsoft 365 US Government (DoD)',
  china: 'Microsoft 365 operated by 21Vianet (China)',
}

/** Graph's names of availability, as Teams writes them. Source: Microsoft Graph, resource type presence. */
const availability: Record<string, string> = {
  Available: 'Available',
  AvailableIdle: 'Available, idle',
  Away: 'Away',
  BeRightBack: 'Be right back',
  Busy: 'Busy',
  BusyIdle: 'Busy, idle',
  DoNotDisturb: 'Do not disturb',
  Offline: 'Offline',
  PresenceUnknown: 'Unknown',
}

/** Graph's names of activity, where they say more than the availability. Same source. */
const activity: Record<string, string> = {
  InACall: 'in a call',
  InAConferenceCall: 'in a conference call',
  InAMeeting: 'in a meeting',
  Inactive: 'inactive',
  OffWork: 'off work',
  OutOfOffice: 'out of office',
  Presenting: 'presenting',
  UrgentInterruptionsOnly: 'urgent interruptions only',
}

/** Who tells that the screen is locked, on Linux. */
const lockWatchers: Record<LockWatcher, string> = {
  gnome: 'GNOME',
  kde: 'KDE Plasma',
  cinnamon: 'Cinnamon',
  mate: 'MATE',
  xfce: 'Xfce',
  'screen-saver': 'the screen saver',
  'login-service': 'the login service (logind)',
}

/** Everything the user reads, in English. */
export const english = {
  /** BCP 47 language of these words: times and dates are written in it. */
  language: 'en',
  appName: 'Clear Presence',
  startFailed: {
    title: 'Clear Presence could not start',
    text: (reason: string) =>
      `${reason}\n\nYour call status is not being cleared. Anything still owed is kept for the next start.`,
  },
  problems,
  /** Continues "Cleared 12:04, ..." */
  departures,
  pairs,
  clouds,
  availability,
  activity,

  sentence: {
    demo: (sentence: string) => `Demo · ${sentence}`,
    notConfigured: 'Not set up: nothing is being cleared.',
    signIn: 'Sign in: nothing is being cleared.',
    signInDue: 'Sign in: your call status is not cleared.',
    signingInBrowser: 'Signing in: finish in your browser.',
    signingInCode: "Signing in: enter the code on Microsoft's page.",
    signingInWait: 'Signing in: asking Microsoft for a code.',
    on: 'On. Your call status clears when you lock or leave.',
    clearing: 'Clearing your call status now.',
    cleared: (time: string, when: string) => `Cleared ${time}, ${when}.`,
    teamsLag: 'Teams may take a few minutes.',
    stillOn: 'Still on.',
    nothingToClear: (time: string, when: string) => `Checked ${time}, ${when}: no call status was set.`,
    notCleared: (why: string) => `Not cleared: ${why}.`,
    notClearedSigningOut: (why: string) => `Not signed out yet. Not cleared: ${why}.`,
    tryingAgain: 'Trying again.',
    mayShow: (what: string, time: string) => `May show ${what} until ${time}.`,
    mayShowIt: (time: string) => `Teams may show it until ${time}.`,
    notPermitted: 'Not permitted: nothing is being cleared.',
    notPermittedDue: 'Not cleared: a permission is missing.',
    notSupported: 'Not supported in this Microsoft cloud: nothing is being cleared.',
  },

  own: {
    untilLeave: (pair: string) => `${pair}, until you leave`,
    setting: (pair: string) => `Setting: ${pair}, until you leave`,
    trouble: (pair: string, why: string) => `${pair}: ${why}. Trying again.`,
    clearing: (pair: string) => `${pair}: clearing`,
    notCleared: (pair: string) => `${pair}: not cleared yet`,
    none: 'Nothing set from this app',
  },

  presence: {
    shows: 'Teams shows',
    readAt: (time: string) => `at ${time}`,
    why: 'Why does Teams still show it?',
    catchingUp: 'Teams may need a few minutes to catch up.',
    otherCause:
      'Other causes are a Teams call or meeting, another program, your calendar, or a status that you picked in Teams. The app leaves those alone.',
  },

  history: {
    cleared: (when: string) => `Cleared ${when}`,
    nothingToClear: (when: string) => `Nothing was set ${when}`,
    expired: (when: string) => `Not cleared ${when}: it ended by itself`,
    notSupported: (when: string) => `Not supported ${when}`,
    notConfirmed: (when: string) => `Not confirmed ${when}`,
    because: (line: string, why: string) => `${line}: ${why}`,
    endedBy: (time: string) => `It must have ended by ${time}.`,
    seconds: (figure: string) => `${figure} s`,
  },

  autostart: {
    title: 'Clear Presence',
    comment: 'Clears your call status when you lock or leave',
    offer: 'Start with the computer?',
    offerText: 'Your status is only cleared while the app runs. It starts hidden, in the tray.',
    yes: 'Start with the computer',
    no: 'Not now',
    settings: 'Settings',
    label: 'Start when I sign in to this computer',
    note: 'Hidden, in the tray. Nothing is cleared while the app does not run.',
    policy: 'Set by your organisation.',
    'not-installed': 'Only an installed app can start by itself.',
  },
  update: {
    ready: (version: string) => `Version ${version} is ready`,
    text: 'It is installed when you quit. Your call status is cleared first, as always.',
    restart: 'Restart now',
    tray: (version: string) => `Restart to update to ${version}`,
  },
  window: {
    statusRegion: 'Status',
    demoTitle: 'Demo tenant',
    demoText: 'No real presence is read or changed.',
    signedInAs: 'Signed in as',
    notSignedIn: 'Not signed in',
    signIn: 'Sign in',
    signInAgain: 'Sign in again',
    signInBrowserNote: "Opens your browser on Microsoft's page.",
    signInCode: 'Sign in with a code instead',
    cancel: 'Cancel',
    signOut: 'Sign out',
    forgetNow: 'Forget now',
    forgetNowNote: 'Signs out at once. The call status may show until it ends by itself.',
    retry: 'Try now',
    clear: 'Clear my call status',
    clearNote: 'Does not change Teams meetings, your calendar or a status you picked in Teams.',
    set: 'Set my call status, until you leave',
    setWhyAway: 'You are away from this computer.',
    setWhySignIn: 'Sign in first.',
    setWhyClearing: 'Wait until the clear is done.',
    setWhyDue: 'Wait until your call status is cleared.',
    setWhyPermission: 'A permission is missing.',
    setWhyOther: 'Not possible now.',
    yours: 'Your call status',
    last: 'Last time',
    lastNothing: 'Nothing has happened yet.',
    history: 'History',
    historyEmpty: 'Empty. Every clear is listed here.',
    details: 'Details',
    copyDetails: 'Copy details',
    copied: 'Copied',
    openLogs: 'Open logs',
    copyCode: 'Copy code',
    codeLabel: 'Your code',
    codeStep: (host: string) => `Open ${host}, on this or any other device, and enter the code.`,
    codeWait: 'This takes a few seconds.',
    openCodePage: 'Open the page',
    codeExpires: (time: string) => `The code works until ${time}.`,
    browserStep:
      "A page of Microsoft opened in your browser. Use your work or school account, and come back here when it says that you're done.",
    browserElse:
      'An error page there? Its number says what is wrong: AADSTS700016 the client id, 90002 or 90038 the tenant or cloud, 50020 the account. Cancel, correct it, and sign in again. No page, or the wrong browser? Cancel, and sign in with a code instead.',
    registerApp: 'How to register the app',
    adminConsent: 'Open the approval page',
    help: 'Help',
    quitNote: 'After you quit, nothing clears when you lock.',
    dismiss: 'Dismiss',
    notices: 'Notices',
    loading: 'Starting…',
    detail: (detail: string) => `Detail: ${detail}`,
    refused: 'That did not work. Open the logs for more.',
    asksFor: 'Asks Microsoft for two permissions only: to read and to change your own presence.',
  },

  welcome: {
    title: 'When it helps',
    does: [
      'A call status that you set here, or a program that shares its registration sets, ends when you lock, leave or shut down.',
      'What you set here also ends by itself within minutes if the power fails.',
    ],
    doesNotTitle: 'When it does not',
    doesNot: [
      "A call status that another vendor's program sets under its own registration: Microsoft lets nobody else clear it.",
      'Teams meetings and calls, your calendar, or a status that you picked in Teams.',
    ],
  },

  lockWatch: {
    'system-events': 'Told by the system, and checked every 15 seconds',
    desktop: (who: string) => `Told by ${who}, and checked every 15 seconds`,
    unknown: 'Not known yet',
    'no-session-bus': 'No connection to the desktop (D-Bus). Checked every 15 seconds',
    'no-system-bus': 'No connection to the system (D-Bus). Checked every 15 seconds',
    'no-lock-reported': 'This desktop has reported no lock so far. Checked every 15 seconds',
  },
  lockWatchers,

  details: {
    version: 'Version',
    cloud: 'Cloud',
    tenant: 'Tenant',
    clientId: 'Client id',
    userId: 'User id',
    requestId: 'Last request id',
    lastClear: 'Last clear took',
    tokenExpires: 'Sign-in fresh until',
    lock: 'How a lock is noticed',
    problem: 'Problem',
    milliseconds: (ms: number) => `${ms} ms`,
    none: '–',
  },

  tray: {
    open: 'Open Clear Presence',
    clear: 'Clear my call status',
    set: 'Set until I leave',
    signIn: 'Sign in…',
    cancelSignIn: 'Cancel sign-in',
    signOut: 'Sign out',
    forgetNow: 'Forget now, without clearing',
    quit: 'Quit',
    /** Said under or beside Quit: what quitting costs. */
    quitCost: 'Your status will no longer clear when you lock',
  },

  notifications: {
    signInTitle: 'Sign in to Clear Presence',
    signInBody: 'Nothing is cleared until you sign in again.',
    notClearedTitle: 'Your call status was not cleared',
  },
}

/** The type of every language's words: a missing or misspelt key fails the build. */
export type Words = typeof english
