/** Writes the list of the bench: numbers and letters as real lists have them. Nobody is called. */
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'

const FIRST = 1_701_000_000
const CITIES = ['München', 'Köln', 'Berlin', 'Ulm', 'Frankfurt (Oder)', 'Bad Münster am Stein-Ebernburg']

/** The nth number, in one of the spellings of people and spreadsheets. */
export function written(n: number): string {
  const digits = String(FIRST + n)
  switch (n % 10) {
    case 0:
      return `0${digits.slice(0, 3)} / ${digits.slice(3)}`
    case 1:
      return `0049 ${digits}`
    case 2:
      return `49${digits}`
    case 3:
      return `+49 (0)${digits.slice(0, 3)} ${digits.slice(3, 6)}-${digits.slice(6)}`
    case 4:
      return `0${digits}`
    default:
      return `+49${digits}`
  }
}

/** The number as it is stored. */
export const canonical = (n: number): string => `+49${FIRST + n}`

/** Every hundredth line has no number, every two hundredth is there twice. */
export async function writeList(file: string, leads: number): Promise<void> {
  const out = createWriteStream(file)
  out.write('Kundennummer;Name;Ort;Telefonnummer;Notiz\r\n')
  for (let n = 0; n < leads; n++) {
    const number = n % 100 === 99 ? 'unbekannt' : written(n % 200 === 98 ? n - 2 : n)
    const line = `${n};"Person ${n}, Größe";${CITIES[n % CITIES.length]};${number};\r\n`
    if (!out.write(line)) await once(out, 'drain')
  }
  out.end()
  await once(out, 'close')
}
