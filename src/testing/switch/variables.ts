/** Channel variables: names without regard to case, in the order in which they were last set, and their text in events kept ready. */
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

  /** An empty value takes the variable away. Setting it again moves it to the end, as FreeSWITCH does. */
  set(name: string, value: string | undefined): void {
    const key = name.toLowerCase()
    const old = this.#byName.get(key)
    if (!old && !value) return
    this.#plain = undefined
    this.#json = undefined
    this.#byName.delete(key)
    if (value) this.#byName.set(key, old?.value === value && old.name === name ? old : { name, value })
  }

  /** Adds a value to those already there, as an ARRAY:: from the second on. */
  append(name: string, value: string): void {
    const old = this.get(name)
    if (old === undefined) this.set(name, value)
    else this.set(name, old.startsWith('ARRAY::') ? `${old}|:${value}` : `ARRAY::${old}|:${value}`)
  }

  /** The leg is over: the text is not needed any more, the values may be asked for. */
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
    return (this.#plain = lines.join('')) // joined, not added: a sum is a tree, which every event that holds it would walk again
  }

  json(): string {
    if (this.#json !== undefined) return this.#json
    let text = ''
    for (const variable of this.#byName.values())
      text += variable.json ??= jsonMember(`variable_${variable.name}`, variable.value)
    return (this.#json = text)
  }
}
