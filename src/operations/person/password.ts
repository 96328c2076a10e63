/**
 * Passwords of people: scrypt (RFC 7914) with parameters that OWASP gives for it: N 2^14, r 8, p 5: 16 MB and about
 * 0.3 s for each try. https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
 */
import { randomBytes, scrypt as scryptOf, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'
import { InputError } from '../../base/errors.ts'

const scrypt = promisify<string, Buffer, number, ScryptOptions, Buffer>(scryptOf)

const COST = { N: 2 ** 14, r: 8, p: 5 }
const KEY_OCTETS = 32
/** 128 N r octets, and some. */
const MOST_MEMORY = 64 * 1024 * 1024
/** NIST SP 800-63B: eight at least, no rules about kinds of characters. Twelve, because nobody must guess ours. */
const SHORTEST = 12
const LONGEST = 200

/** Throws InputError for a password that is too short, or too long. */
export function mustBePassword(password: string, name: string): void {
  if (password.length < SHORTEST || password.length > LONGEST)
    throw new InputError(`a password has ${SHORTEST} to ${LONGEST} characters; this one has ${password.length}`)
  if (password.toLowerCase().includes(name.toLowerCase()))
    throw new InputError('the password contains the name of the person')
}

/** A password that is written on paper once: 100 bits, letters and digits that nobody takes for others. */
export function newPassword(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789'
  const picked: string[] = []
  while (picked.length < 20) {
    const [octet = 0] = randomBytes(1)
    if (octet < 248) picked.push(letters[octet % 31]!) // 248 is 8 × 31: each letter has the same chance
  }
  return picked.join('').replace(/(.{5})(?!$)/g, '$1-')
}

/** As it is stored. */
export async function hashed(password: string): Promise<string> {
  const { N, r, p } = COST
  const salt = randomBytes(16)
  const key = await derived(password, salt, COST)
  return ['scrypt', N, r, p, salt.toString('base64'), key.toString('base64')].join('$')
}

/** `stored`: null: nobody has this name; the work is the same, so that the time of the answer tells nothing. */
export async function isPassword(password: string, stored: string | null): Promise<boolean> {
  const [kind, N, r, p, salt = '', key = ''] = (stored ?? (await nobody)).split('$')
  const expected = Buffer.from(key, 'base64')
  const given = await derived(password, Buffer.from(salt, 'base64'), { N: Number(N), r: Number(r), p: Number(p) })
  return stored !== null && kind === 'scrypt' && given.length === expected.length && timingSafeEqual(given, expected)
}

const derived = (password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> =>
  // NFKC: the same characters of different keyboards
  scrypt(password.normalize('NFKC'), salt, KEY_OCTETS, { ...cost, maxmem: MOST_MEMORY })

const nobody = Promise.resolve(`scrypt$${COST.N}$${COST.r}$${COST.p}$AAAAAAAAAAAAAAAAAAAAAA==$AAAA`)
