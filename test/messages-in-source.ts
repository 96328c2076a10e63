/**
 * Reads which texts src/ logs at the levels warn and error, from the syntax and the types of the TypeScript compiler.
 * Used by test/unit/messages.test.ts.
 *
 * A text may be built elsewhere: in a constant, a template, a parameter, an option (`what` of an Outage). Each is
 * followed to its constant parts. A part that is not constant is `…`.
 */
import { relative } from 'node:path'
import { API, type Checker, type Symbol as Named, type Type } from 'typescript/unstable/sync' // exact version in package.json
import { NodeFlags, SyntaxKind, type CallExpression, type Node, type TemplateExpression } from 'typescript/unstable/ast'
import * as is from 'typescript/unstable/ast/is'

export interface Message {
  readonly text: string
  readonly level: string
  /** The folder of src/ that logs it; for a file in src/ itself, its name. */
  readonly room: string
  /** 'src/queue/store-requests.ts:74' */
  readonly at: string
}

/** Not in the log of a node on duty. */
const NOT_READ = /^src\/(testing\/|desk\/(?!jobs|http\/))/
/** Logs what another thread has logged; the reader finds those texts where that thread logs them. */
const RELAY = 'src/cluster/lease-thread.ts'
const LEVELS = ['warn', 'error']
export const ANY = '…'

/** All messages at the levels warn and error of the project in `root`, in the order of files and lines. */
export function messagesInSource(root: string): Message[] {
  const api = new API({ cwd: root })
  try {
    const config = `${root.replace(/\/$/, '')}/tsconfig.json`
    const { program, checker } = api.updateSnapshot({ openProject: config }).getProject(config)!
    const files = program
      .getSourceFileNames()
      .map(name => ({ name, path: relative(root, name).replaceAll('\\', '/') }))
      .filter(({ path }) => path.startsWith('src/') && !NOT_READ.test(path))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
    const reader = new Reader(checker)
    const trees = files.map(({ name, path }) => ({ path, tree: program.getSourceFile(name)! }))
    for (const { tree } of trees) reader.collect(tree)
    return trees.flatMap(({ path, tree }) =>
      reader.logsIn(tree).flatMap(({ node, levels, texts }) => {
        const line = tree.text.slice(0, node.getStart(tree)).split('\n').length
        const room = /^src\/([^/.]+)/.exec(path)![1]!
        const relayed = path === RELAY && texts.join() === ANY
        return relayed ? [] : levels.flatMap(level => texts.map(text => ({ text, level, room, at: `${path}:${line}` })))
      }),
    )
  } finally {
    api.close()
  }
}

interface LogCall {
  readonly node: Node
  readonly levels: readonly string[]
  readonly texts: readonly string[]
}

class Reader {
  readonly #checker: Checker
  /** By the name of the function: the arguments of each of its calls, those that `bind` gives included. */
  readonly #calls = new Map<string, { readonly callee: Node; readonly given: readonly Node[] }[]>()
  /** By the name of the property: its values in object literals. */
  readonly #properties = new Map<string, { readonly literal: Node; readonly value: Node }[]>()
  /** What is being followed now: a function that calls itself ends here. */
  readonly #following = new Set<Node>()

  constructor(checker: Checker) {
    this.#checker = checker
  }

  collect(node: Node): void {
    if (is.isCallExpression(node) || is.isNewExpression(node)) {
      const bound = is.isPropertyAccessExpression(node.expression) && node.expression.name.text === 'bind'
      const callee = bound ? (node.expression as Node & { expression: Node }).expression : node.expression
      put(this.#calls, nameOf(callee), { callee, given: (node.arguments ?? []).slice(bound ? 1 : 0) })
    }
    if (is.isPropertyAssignment(node))
      put(this.#properties, nameOf(node.name), { literal: node.parent, value: node.initializer })
    if (is.isShorthandPropertyAssignment(node))
      put(this.#properties, nameOf(node.name), { literal: node.parent, value: node.name })
    node.forEachChild(child => this.collect(child))
  }

  /** The calls of a log below this node. A log's method that is not called where it stands counts with the text `…`. */
  logsIn(node: Node): LogCall[] {
    const found: LogCall[] = []
    const visit = (one: Node): void => {
      const levels = this.#levelsOf(one)
      if (levels.length > 0) {
        const call = one.parent
        const isCalled = is.isCallExpression(call) && call.expression === one
        found.push({ node: one, levels, texts: isCalled ? this.#logged(call) : [ANY] })
      }
      one.forEachChild(visit)
    }
    visit(node)
    return found
  }

  /** `log.warn` and `log[…]`, wherever the log comes from: the levels of these that this reader looks for. */
  #levelsOf(node: Node): readonly string[] {
    const names = is.isPropertyAccessExpression(node)
      ? [node.name.text]
      : is.isElementAccessExpression(node)
        ? this.#literals(node.argumentExpression)
        : []
    const levels = names.filter(name => LEVELS.includes(name))
    if (levels.length === 0) return levels
    const type = this.#checker.getTypeAtLocation(node)
    return type && /\bLogFn\b/.test(this.#checker.typeToString(type)) ? levels : []
  }

  /** `log.warn(fields, text)` or `log.warn(text)`. */
  #logged(call: CallExpression): readonly string[] {
    const [first, second] = call.arguments
    const texts = unique(this.#texts(second ?? first!))
    return texts.length === 0 ? [ANY] : texts
  }

  #texts(node: Node): readonly string[] {
    const literals = this.#literals(node)
    if (literals.length > 0) return literals
    if (this.#following.has(node)) return []
    this.#following.add(node)
    try {
      if (node.kind === SyntaxKind.NullKeyword) return [] // no message: nothing is logged
      if (is.isTemplateExpression(node)) return this.#built(node)
      if (is.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(one => this.#texts(one))
      if (is.isIdentifier(node)) return this.#followed(node) ?? [ANY]
      if (is.isCallExpression(node)) return this.#returned(node) ?? [ANY]
      return [ANY]
    } finally {
      this.#following.delete(node)
    }
  }

  /** The strings that the type of an expression allows; none when it is any string. */
  #literals(node: Node): readonly string[] {
    const type = this.#checker.getTypeAtLocation(node)
    return type ? literalsOf(type) : []
  }

  #built({ head, templateSpans }: TemplateExpression): readonly string[] {
    return templateSpans.reduce<readonly string[]>(
      (starts, { expression, literal }) =>
        this.#texts(expression).flatMap(text => starts.map(start => start + text + literal.text)),
      [head.text],
    )
  }

  /** The texts of a variable, a parameter or an option; null when they are not constant. */
  #followed(node: Node): readonly string[] | null {
    const shorthand = is.isShorthandPropertyAssignment(node.parent)
    const declared = declarationOf(
      shorthand ? this.#checker.getShorthandAssignmentValueSymbol(node.parent) : this.#symbolAt(node),
    )
    if (!declared) return null
    if (is.isVariableDeclaration(declared)) {
      const isConst = (declared.parent.flags & NodeFlags.Const) !== 0
      return isConst && declared.initializer ? this.#texts(declared.initializer) : null
    }
    const values = is.isParameterDeclaration(declared)
      ? this.#arguments(declared)
      : is.isBindingElement(declared)
        ? this.#options(declared)
        : []
    return values.length === 0 ? null : values.flatMap(value => this.#texts(value))
  }

  /** What is given for a parameter in all calls of its function. */
  #arguments(parameter: Node): Node[] {
    const owner = parameter.parent as Node & { parameters: readonly Node[]; name?: Node }
    const at = owner.parameters.indexOf(parameter)
    const name = owner.name ?? (is.isVariableDeclaration(owner.parent) ? owner.parent.name : undefined)
    if (!name) return []
    return (this.#calls.get(nameOf(name)) ?? [])
      .filter(({ callee }) => declarationOf(this.#symbolAt(callee)) === declarationOf(this.#symbolAt(name)))
      .flatMap(({ given }) => given[at] ?? [])
  }

  /** What object literals give for an option that is taken out of an object of the same type. */
  #options(taken: Node & { readonly propertyName?: Node; readonly name?: Node }): Node[] {
    const name = nameOf(taken.propertyName ?? taken.name!)
    const option = this.#property(this.#checker.getTypeAtLocation(taken.parent), name)
    if (!option) return []
    return (this.#properties.get(name) ?? [])
      .filter(({ literal }) => this.#property(this.#checker.getContextualType(literal as never), name) === option)
      .map(({ value }) => value)
  }

  #property(type: Type | undefined, name: string): Node | undefined {
    return type && declarationOf(this.#checker.getPropertyOfType(type, name))
  }

  /** The texts that a function returns; null when its code cannot be seen. */
  #returned(call: CallExpression): readonly string[] | null {
    const declared = declarationOf(this.#symbolAt(call.expression))
    const body = declared && (is.isVariableDeclaration(declared) ? declared.initializer : declared)
    const results = body && resultsOf(body)
    return results?.length ? results.flatMap(result => this.#texts(result)) : null
  }

  #symbolAt(callee: Node): Named | undefined {
    const node = is.isPropertyAccessExpression(callee) ? callee.name : callee
    const symbol = this.#checker.getSymbolAtLocation(node)
    const declared = declarationOf(symbol)
    return symbol && declared && (is.isImportSpecifier(declared) || is.isImportClause(declared))
      ? this.#checker.getAliasedSymbol(symbol)
      : symbol
  }
}

function put<T>(map: Map<string, T[]>, name: string, value: T): void {
  const values = map.get(name)
  if (values) values.push(value)
  else map.set(name, [value])
}

function declarationOf(symbol: Named | undefined): Node | undefined {
  return (symbol?.valueDeclaration ?? symbol?.declarations[0])?.resolve()
}

/** 'warn' for `log.warn`, '#tell' for `this.#tell`. */
function nameOf(node: Node): string {
  if (is.isPropertyAccessExpression(node)) return node.name.text
  return (node as Node & { text?: string }).text ?? ''
}

function literalsOf(type: Type): readonly string[] {
  if (type.isStringLiteralType()) return [type.value]
  if (!type.isUnionType()) return []
  const parts = type.getTypes().map(literalsOf)
  return parts.some(part => part.length === 0) ? [] : parts.flat()
}

/** The expressions that a function returns. */
function resultsOf(body: Node): Node[] {
  const results: Node[] = []
  const visit = (node: Node): void => {
    if (is.isReturnStatement(node) && node.expression) results.push(node.expression)
    else if (!isFunction(node)) node.forEachChild(visit) // what a function within it returns is not its result
  }
  if (is.isArrowFunction(body) && !is.isBlock(body.body)) results.push(body.body)
  else body.forEachChild(visit)
  return results
}

const isFunction = (node: Node): boolean =>
  is.isArrowFunction(node) || is.isFunctionExpression(node) || is.isFunctionDeclaration(node)

const unique = (texts: readonly string[]): string[] => [...new Set(texts)]
