/** The sound files that mod_say_en plays for numbers and spelled digits, in their order (mod_say_en.c). */

const GROUPS = [
  [1_000_000, 'million'],
  [1_000, 'thousand'],
  [1, ''],
] as const

/** 'number pronounced 23' → digits/20, digits/3; 'name_spelled iterated 32' → digits/3, digits/2. */
export function spokenEnglish(method: string, text: string): string[] {
  const whole = Number.parseInt(text, 10)
  if (method.toLowerCase() === 'iterated' || Number.isNaN(whole))
    return [...text].map(character =>
      /\d/.test(character) ? `digits/${character}` : `ascii/${character.charCodeAt(0)}`,
    )
  if (whole === 0) return ['digits/0']
  return GROUPS.flatMap(([size, name]) => {
    const said = group(Math.floor(whole / size) % 1_000)
    return said.length > 0 && name !== '' ? [...said, `digits/${name}`] : said
  })
}

/** 0 to 999. */
function group(value: number): string[] {
  const rest = value % 100
  const tens = rest < 20 ? (rest === 0 ? [] : [rest]) : [rest - (rest % 10), ...(rest % 10 === 0 ? [] : [rest % 10])]
  return [
    ...(value < 100 ? [] : [`digits/${Math.floor(value / 100)}`, 'digits/hundred']),
    ...tens.map(part => `digits/${part}`),
  ]
}
