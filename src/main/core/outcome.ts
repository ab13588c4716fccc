/** Judges any answer or failure of a presence write: what it settles, and what it means for the user. */
import type { Cloud } from '../../shared/presence.ts'
import type { Problem } from '../../shared/problem.ts'
import type { AttemptResult } from './model.ts'

/** What an attempt means. Only an answer that carries Graph's `request-id` settles anything. */
export type Outcome =
  /** 2xx: the write took effect. */
  | { readonly kind: 'done' }
  /** 404 to a clear: no session stands under this id. */
  | { readonly kind: 'nothing-to-clear' }
  /** The cloud has no presence API. */
  | { readonly kind: 'not-supported' }
  /** Try again; with `retryAfterMs` not before that. `sureNot`: it surely did not take effect. */
  | {
      readonly kind: 'pending'
      readonly problem: Problem
      readonly retryAfterMs: number | null
      readonly sureNot: boolean
    }
  /** 401: one forced refresh (with `claims`, a claims challenge as JSON text) and one more attempt. */
  | { readonly kind: 'token-refused'; readonly claims: string | null; readonly problem: Problem }
  /** 403: a scope or a policy is missing; a new sign-in or an administrator can help. */
  | { readonly kind: 'not-permitted'; readonly problem: Problem }
  /** 400 and the like: asking again the same way can't help. It surely did not take effect. */
  | { readonly kind: 'refused'; readonly problem: Problem }

/** What the judgement needs to know besides the answer. */
export interface JudgeContext {
  readonly write: 'set' | 'renew' | 'clear'
  readonly cloud: Cloud
  /** This machine's clock when the answer came, ms since the epoch. */
  readonly wall: number
}

/** Judges one attempt. Branches on status and `error.code`, never on a message (Microsoft Graph, error responses). */
export function judge(_result: AttemptResult, _context: JudgeContext): Outcome {
  throw new Error('not written yet')
}
