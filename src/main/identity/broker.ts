/**
 * The operating system's broker (Windows account manager, Company Portal, Microsoft Identity Broker): a port that is
 * tried before the browser. No implementation yet; tests use a fake.
 */
import type { AccessToken, Identity } from '../core/model.ts'
import type { Granted, Registration, SilentOptions } from './msal.ts'

/** What a broker answers to a sign-in. */
export type BrokerResult =
  | ({ readonly type: 'granted' } & Granted)
  /** The broker isn't there or can't do it: the browser is next. MSAL itself has no such fall-back. */
  | { readonly type: 'not-available' }
  | { readonly type: 'cancelled' }

/** Signs in with the account of the operating system, if possible without a dialog. */
export interface Broker {
  /** Gives up when `signal` aborts. Rejecting counts as `not-available`. */
  acquire(
    registration: Registration,
    options: { readonly scopes: readonly string[]; readonly loginHint: string; readonly claims: string },
    signal: AbortSignal,
  ): Promise<BrokerResult>
  /** A token without any dialog, for an account that this broker granted. Rejects with an `AuthError`. */
  silent(identity: Identity, options: SilentOptions): Promise<AccessToken>
}
