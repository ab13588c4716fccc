/** The titles of the tests that a source really runs. */
import ts from 'typescript'

/** `it.skipIf(x).each(table)`: `it`, and what was made of it in order. */
interface Callee {
  readonly root: string
  readonly parts: readonly { readonly name: string; readonly args: readonly ts.Expression[] }[]
}

/** What each variable of a source was set to. */
type Values = ReadonlyMap<string, readonly ts.Expression[]>

const ROOTS = ['it', 'test', 'describe']
/** What takes a test, or a whole suite, out of the run, or turns its result round. */
const OFF = ['skip', 'todo', 'fails']

/**
 * What `it` and `test` are called with: one title for each `name` of the table that `it.each` puts into it, and of a
 * title put together in a loop those names. What is skipped, expected to fail or still to be written has none; what
 * needs another system (`skipIf`, `runIf`) has.
 */
export function titlesIn(source: string): readonly string[] {
  const file = ts.createSourceFile('source.ts', source, ts.ScriptTarget.Latest, true)
  const values = valuesIn(file)
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    const callee = ts.isCallExpression(node) ? calleeOf(node.expression) : null
    if (callee !== null && ts.isCallExpression(node)) {
      if (isOff(callee, node.arguments)) return
      if (callee.root !== 'describe') titles.push(...titlesOf(callee, node.arguments, values))
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return titles
}

function calleeOf(callee: ts.Expression): Callee | null {
  if (ts.isIdentifier(callee)) return ROOTS.includes(callee.text) ? { root: callee.text, parts: [] } : null
  if (ts.isPropertyAccessExpression(callee)) {
    const inner = calleeOf(callee.expression)
    return inner === null ? null : { ...inner, parts: [...inner.parts, { name: callee.name.text, args: [] }] }
  }
  if (!ts.isCallExpression(callee)) return null
  const inner = calleeOf(callee.expression)
  const last = inner?.parts.at(-1)
  if (inner === null || last === undefined) return null
  return { ...inner, parts: [...inner.parts.slice(0, -1), { ...last, args: [...callee.arguments] }] }
}

function isOff({ parts }: Callee, args: readonly ts.Expression[]): boolean {
  const always = (name: string, kind: ts.SyntaxKind): boolean =>
    parts.some((part) => part.name === name && part.args[0]?.kind === kind)
  return (
    parts.some(({ name }) => OFF.includes(name)) ||
    always('skipIf', ts.SyntaxKind.TrueKeyword) ||
    always('runIf', ts.SyntaxKind.FalseKeyword) ||
    args
      .filter(ts.isObjectLiteralExpression)
      .some(({ properties }) =>
        properties.some(
          (option) =>
            ts.isPropertyAssignment(option) &&
            OFF.includes(option.name.getText()) &&
            option.initializer.kind !== ts.SyntaxKind.FalseKeyword,
        ),
      )
  )
}

function titlesOf(
  { parts }: Callee,
  [title, ...rest]: readonly ts.Expression[],
  values: Values,
): readonly string[] {
  // Without a body it is one to be written.
  if (title === undefined || !rest.some((each) => isFunction(each) || ts.isIdentifier(each))) return []
  if (ts.isTemplateExpression(title)) {
    const named = title.templateSpans.filter(({ expression }) => /\bname\b/.test(expression.getText()))
    return named.flatMap(({ expression }) => namesIn(expression, values))
  }
  if (!ts.isStringLiteralLike(title)) return []
  if (!title.text.includes('$name')) return [title.text]
  const table = parts.find(({ name }) => name === 'each' || name === 'for')?.args ?? []
  return table
    .flatMap((rows) => namesIn(rows, values))
    .map((name) => title.text.replaceAll('$name', () => name))
}

function valuesIn(file: ts.SourceFile): Values {
  const values = new Map<string, readonly ts.Expression[]>()
  const add = (name: ts.BindingName, value: ts.Expression | undefined): void => {
    if (ts.isIdentifier(name) && value !== undefined)
      values.set(name.text, [...(values.get(name.text) ?? []), value])
  }
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node)) add(node.name, node.initializer)
    if (ts.isForOfStatement(node) && ts.isVariableDeclarationList(node.initializer))
      for (const { name } of node.initializer.declarations) add(name, node.expression)
    ts.forEachChild(node, visit)
  }
  visit(file)
  return values
}

/** The `name`s of a table's rows, also through variables, but of nothing that a function names. */
function namesIn(table: ts.Expression, values: Values): readonly string[] {
  const names: string[] = []
  const seen = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (isFunction(node)) return
    if (ts.isIdentifier(node)) {
      if (seen.has(node.text)) return
      seen.add(node.text)
      for (const value of values.get(node.text) ?? []) visit(value)
    } else if (ts.isPropertyAccessExpression(node)) visit(node.expression)
    else if (ts.isPropertyAssignment(node)) visit(node.initializer)
    else {
      const own = ts.isObjectLiteralExpression(node) ? ownName(node) : null
      if (own === null) ts.forEachChild(node, visit)
      else names.push(own)
    }
  }
  visit(table)
  return names
}

function ownName({ properties }: ts.ObjectLiteralExpression): string | null {
  for (const property of properties) {
    if (!ts.isPropertyAssignment(property) || property.name.getText() !== 'name') continue
    if (ts.isStringLiteralLike(property.initializer)) return property.initializer.text
  }
  return null
}

function isFunction(node: ts.Node): boolean {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node) || ts.isMethodDeclaration(node)
}
