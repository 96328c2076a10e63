/**
 * Channel variables: case-insensitive names, in the order in which they were last set. Their text for events is cached.
 */
import { isTrue, jsonMember, plainLine } from './encoding.ts'

interface Variable {
  name: string
  value: string
  plain?: string
  json?: string
}

export class Variables {
  #byName = new Map<string, Variable>()
  #plain: string | undefined
  #json: string | undefined

  get(name: string): string | undefined {
    return this.#byName.get(name.toLowerCase())?.value
  }

  /** Sets a variable. An empty value removes it. A new value moves it to the end, as in FreeSWITCH. */
  set(name: string, value: string | undefined): void {
    const key = name.toLowerCase()
    const old = this.#byName.get(key)
    if (!old && !value) return
    this.#plain = undefined
    this.#json = undefined
    this.#byName.delete(key)
    if (value) this.#byName.set(key, old?.value === value && old.name === name ? old : { name, value })
  }

  /** Appends a value to the variable, which is an ARRAY:: from the second value on. */
  append(name: string, value: string): void {
    const old = this.get(name)
    if (old === undefined) this.set(name, value)
    else this.set(name, old.startsWith('ARRAY::') ? `${old}|:${value}` : `ARRAY::${old}|:${value}`)
  }

  /** The leg is over: frees the cached text, keeps the values. */
  release(): void {
    this.#plain = undefined
    this.#json = undefined
    for (const [key, { name, value }] of this.#byName) this.#byName.set(key, { name, value })
  }

  isTrue(name: string): boolean {
    return isTrue(this.get(name))
  }

  *entries(): Generator<[string, string]> {
    for (const { name, value } of this.#byName.values()) yield [name, value]
  }

  plain(): string {
    if (this.#plain !== undefined) return this.#plain
    const lines: string[] = []
    for (const variable of this.#byName.values())
      lines.push((variable.plain ??= [plainLine(`variable_${variable.name}`, variable.value), ''].join('')))
    return (this.#plain = lines.join('')) // not `+=`: that builds a tree, which every event would flatten again
  }

  json(): string {
    if (this.#json !== undefined) return this.#json
    let text = ''
    for (const variable of this.#byName.values())
      text += variable.json ??= jsonMember(`variable_${variable.name}`, variable.value)
    return (this.#json = text)
  }
}
