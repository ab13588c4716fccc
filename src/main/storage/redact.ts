/**
 * Takes secrets and what names a person out of a line before it reaches the log. Works by shape, because a secret
 * may arrive in any place: a value, a key, an error message of a library, a URL.
 *
 * A hostile page can have long texts logged, and main must not be held up by them: every text is cut first, and no
 * pattern here may take more time per character in a longer text. So whatever repeats without a bound either begins only
 * where nothing of its kind stands before it, or has nothing behind it that could fail.
 */

/** Longest text that is looked at, in characters. */
const LIMIT = 2000

const GONE = '[redacted]'

/** Names of parameters and members that hold secrets of OAuth, or that Microsoft's examples blank out. */
const SECRET_NAMES = [
  'access_token',
  'assertion',
  'authorization',
  'client_assertion',
  'client_info',
  'client_secret',
  'code',
  'code_challenge',
  'code_verifier',
  'cookie',
  'claims',
  'device_code',
  'id_token',
  'id_token_hint',
  'login_hint',
  'nonce',
  'passwd',
  'password',
  'proxy-authorization',
  'refresh_token',
  'secret',
  'session_state',
  'set-cookie',
  'state',
  'token',
  'user_code',
].join('|')

/** What may stand after `code=` all the same: an error code of Node or OpenSSL, an HTTP status, AADSTS50058, a word. */
const HARMLESS_CODE = /^(?:[A-Z][A-Z_]{2,60}|[0-9]{1,6}|AADSTS[0-9]{1,8}|[a-z]+(?:[-_][a-z]+){0,6})$/

/** What may stand before a secret: anything that isn't a letter or digit, or a percent-encoded character. */
const BEFORE = '(?:(?<![A-Za-z0-9])|(?<=%(?:25)*[0-9A-Fa-f]{2}))'

/** Name, separator (with or without quotes, plain or encoded), value up to white space, a quote or a separator. */
const NAMED = new RegExp(
  `${BEFORE}(${SECRET_NAMES})(\\\\?["']?(?:\\s{0,2}[=:]|%(?:25)*3D)\\s{0,2}\\\\?["']?)(?:(?:Bearer|Basic|PoP)\\s+)?((?:[^\\s"'\\\\&;,<>(){}\\[\\]]|\\\\(?!["']))+)`,
  'gi',
)

/** `Authorization` schemes wherever they stand. */
const SCHEME = /\b(Bearer|Basic|PoP|Negotiate|NTLM)\s+[A-Za-z0-9._~+/=-]{8,}/gi

/**
 * A JSON web token, whole or cut off: every one begins with `{"` in base64url. What stands right before it goes too,
 * for in a longer random text these three letters may come by chance.
 */
const JWT = /(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]*?eyJ[A-Za-z0-9+/_-]{6,}(?:\.[A-Za-z0-9_-]*)*/g

/** Entra's opaque codes and refresh tokens (`0.AX...`, `1.AX...`), and those of personal accounts (`M.C5...`). */
const ENTRA = new RegExp(
  `${BEFORE}(?:[01]\\.A[A-Za-z0-9_-]{10,}|M\\.[A-Z][A-Za-z0-9]{1,3}_[A-Za-z0-9_!*$.-]{10,})(?:\\.[A-Za-z0-9_-]+)*`,
  'g',
)

const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Candidates for a secret without a name: long runs without a space, the signs of base64 plain or encoded. */
const RUN = /(?:[A-Za-z0-9+/=_-]|%(?:2B|2F|3D)){32,}/gi

const isLower = (char: string): boolean => char >= 'a' && char <= 'z'
const isUpper = (char: string): boolean => char >= 'A' && char <= 'Z'
const isDigit = (char: string): boolean => char >= '0' && char <= '9'

/** Between how many neighbours the kind of character changes; slashes don't count, as a path has many. */
function changes(run: string): number {
  const kinds = Array.from(run.replaceAll('/', ''), (char) =>
    isLower(char) ? 0 : isUpper(char) ? 1 : isDigit(char) ? 2 : 3,
  )
  return kinds.filter((kind, n) => n > 0 && kind !== kinds[n - 1]).length
}

/** Whether a long run looks random rather than like words, a path, an identifier or a request id. */
function looksRandom(run: string): boolean {
  if (GUID.test(run)) return false
  if (/^[0-9a-f]+$/i.test(run)) return true
  const plain = run.replace(/%2B/gi, '+').replace(/%2F/gi, '/').replace(/%3D/gi, '=')
  const parts = plain.split('/')
  // Base64 has a slash in 64 characters on average; a path has one in ten.
  const isPath = (parts.length - 1) * 20 > plain.length
  if (isPath && parts.some((part) => part.length >= 32 && looksRandom(part))) return true
  if (!isPath && /[0-9]/.test(plain) && /[a-z]/.test(plain) && /[A-Z]/.test(plain)) return true
  // Random letters and digits change their kind at six of ten places, words in camel case at three.
  return changes(plain) > plain.length * 0.4
}

/** User and password of a proxy's URL. */
const USERINFO = /\b([a-z][a-z0-9+.-]{1,12}:\/\/)[^\s/"'<>]+@/gi
/** A query or a fragment of a URL or of a path; it has to go if there is a parameter in it. */
const QUERY = /[?#][^\s"'<>]+/g
/** The same inside a parameter of another URL. */
const ENCODED_QUERY = /%(?:25)*3F[^\s"'<>&]+/gi
const ENCODED_EQUALS = /%(?:25)*3D/i
/** An address or user principal name; a guest's has `#EXT#` in it. */
const EMAIL = /([A-Za-z0-9])[A-Za-z0-9._%+'#-]{0,127}(@|%40)(?=[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+)/g

/** What ends every secret that the patterns know. */
const BREAK = /[\s"'<>]/
/** Where a URL leads: nothing in it is secret once a slash has shown that it isn't a name and a password. */
const ORIGIN = /^[a-z][a-z0-9+.-]{1,30}:\/\/[a-z0-9.-]{1,253}(?::[0-9]{1,5})?\//i

/**
 * The text up to the last break before the limit. What runs on at the limit goes as a whole, be it a word or the first
 * letters of a token, of a password or of a name before its `@`: none of them can be told by its beginning.
 */
function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  let begin = limit
  if (!BREAK.test(text.charAt(limit))) while (begin > 0 && !BREAK.test(text.charAt(begin - 1))) begin -= 1
  return `${text.slice(0, begin)}${ORIGIN.exec(text.slice(begin, limit))?.[0] ?? ''}…`
}

/**
 * The text without secrets: tokens, codes and long random runs become `[redacted]`, queries of URLs are removed,
 * addresses keep their first letter and their domain. GUIDs stay: they name requests, tenants and users for an
 * administrator and open nothing.
 *
 * @param limit characters that are looked at; of a longer text the rest is dropped, and the word that it begins in.
 */
export function redact(text: string, limit = LIMIT): string {
  return cut(text, limit)
    .replace(USERINFO, `$1${GONE}@`)
    .replace(QUERY, (whole) => (whole.includes('=') ? '?[removed]' : whole))
    .replace(ENCODED_QUERY, (whole) => (ENCODED_EQUALS.test(whole) ? '?[removed]' : whole))
    .replace(NAMED, (whole: string, name: string, between: string, value: string) =>
      /^code$/i.test(name) && HARMLESS_CODE.test(value.replace(/[.:]{1,3}$/, ''))
        ? whole
        : `${name}${between}${GONE}`,
    )
    .replace(SCHEME, `$1 ${GONE}`)
    .replace(JWT, GONE)
    .replace(ENTRA, GONE)
    .replace(RUN, (run) => (looksRandom(run) ? GONE : run))
    .replace(EMAIL, '$1…$2')
}

/** Member names whose text is a secret whatever it looks like. */
const SECRET_KEY =
  /token|secret|passw|authori[sz]ation|cookie|assertion|verifier|client_?info|credential|device_?code|user_?code/i

/** Whether the text under this name must not be logged at all. Numbers and booleans under it may: an expiry, a flag. */
export function isSecretName(name: string): boolean {
  return SECRET_KEY.test(name)
}
