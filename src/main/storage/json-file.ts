/**
 * One JSON file with a schema version: tells what is wrong with it, keeps aside what it can't use, and writes over
 * the file only once everything that was in it is either understood or kept.
 */
import { basename, join } from 'node:path'
import type { SaveResult } from '../core/model.ts'
import type { Problem, ProblemCode } from '../../shared/problem.ts'
import { keepAside, keepCopy, readBounded, writeDurable } from './durable-file.ts'
import { array, integer, object, reader, SchemaError } from './schema.ts'

/** Largest file that is read; ours are a few KB. */
export const FILE_LIMIT = 1024 * 1024

/** The problems a file reports. */
export interface FileProblems {
  readonly corrupt: ProblemCode
  readonly newer: ProblemCode
  readonly unwritable: ProblemCode
}

/** A file of items; one bad item costs only itself. */
export interface JsonFile {
  /** The items of the file as parsed JSON, unchecked and at most `maxItems`; none when the file can't be used. */
  read(): { readonly items: readonly unknown[]; readonly problems: readonly Problem[] }
  /**
   * To be called after `read` when some of its items were not understood, before anything is written: keeps a copy
   * of the whole file as it was.
   */
  keepBadItems(bad: readonly string[]): Problem
  /** Writes the items. Refused while something unusable could not be kept aside. Never throws. */
  write(items: readonly unknown[]): SaveResult
}

/**
 * @param options.items name of the member that holds the list
 * @param options.now ms since the epoch, for the names of what is kept aside
 */
export function createJsonFile(options: {
  readonly folder: string
  readonly name: string
  readonly version: number
  readonly items: string
  readonly maxItems: number
  readonly codes: FileProblems
  readonly now: () => number
}): JsonFile {
  const { version, codes, now } = options
  const path = join(options.folder, options.name)
  let lastRead: Uint8Array = new Uint8Array()
  /** Set while the file holds something that we neither understood nor could keep aside yet. */
  let owed: { readonly keep: () => string | null; readonly why: string } | null = null

  /** Keeps aside now or, if that fails, before the next write. */
  function keep(
    label: string,
    why: string,
    code: ProblemCode,
    how: () => string | null = () => keepAside(path, label, now()),
  ): Problem {
    const aside = how()
    owed = aside === null ? { keep: how, why } : null
    return {
      code,
      detail: `${basename(path)}: ${why}; ${aside === null ? 'could not be kept aside' : `kept as ${aside}`}`,
    }
  }

  function read(): { items: readonly unknown[]; problems: readonly Problem[] } {
    owed = null
    lastRead = new Uint8Array()
    const got = readBounded(path, FILE_LIMIT)
    if (got.type === 'missing') return { items: [], problems: [] }
    const give = (problem: Problem) => ({ items: [], problems: [problem] })
    if (got.type === 'unreadable')
      return give(keep('unreadable', `can't be read (${got.reason})`, codes.corrupt))
    if (got.type === 'too-big') return give(keep('corrupt', `larger than ${FILE_LIMIT} bytes`, codes.corrupt))
    lastRead = got.bytes
    let content: unknown
    try {
      // A byte order mark is what an editor may add; wrong bytes must not pass as text.
      content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(got.bytes))
    } catch {
      return give(keep('corrupt', 'not valid JSON', codes.corrupt))
    }
    try {
      const member = reader(object(content, 'file'), 'file')
      const found = member('version', integer(1, Number.MAX_SAFE_INTEGER))
      if (found > version)
        return give(keep('newer', `written by a newer version (schema ${found})`, codes.newer))
      return { items: member(options.items, array(options.maxItems)), problems: [] }
    } catch (error) {
      if (!(error instanceof SchemaError)) throw error
      return give(keep('corrupt', error.message, codes.corrupt))
    }
  }

  function keepBadItems(bad: readonly string[]): Problem {
    const content = lastRead
    const why = bad.length === 1 ? (bad[0] ?? '') : `${bad[0] ?? ''} and ${bad.length - 1} more`
    return keep('corrupt', why, codes.corrupt, () => keepCopy(path, content, 'corrupt', now()))
  }

  function write(items: readonly unknown[]): SaveResult {
    if (owed !== null) {
      if (owed.keep() === null) {
        const detail = `${basename(path)}: not overwritten, as its old content (${owed.why}) can't be kept aside`
        return { ok: false, problem: { code: codes.unwritable, detail } }
      }
      owed = null
    }
    const text = `${JSON.stringify({ version, [options.items]: items }, null, 1)}\n`
    return writeDurable(path, text, codes.unwritable)
  }

  return { read, keepBadItems, write }
}
