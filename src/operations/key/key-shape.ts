/** An API key, as operations show it, and how a key is made and read. */
import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'

export const keyShape = z.object({
  name: z.string(),
  /** The public part of the key. */
  id: z.string(),
  role: z.string(),
  seesNumbers: z.boolean(),
  createdAt: z.date(),
  createdBy: z.string(),
  expiresAt: z.date().nullable(),
  revokedAt: z.date().nullable(),
  lastUsedAt: z.date().nullable(),
})

/** A key as its owner holds it: `shk_<id>_<secret>`. The prefix lets scanners of source code find a key that leaked. */
const KEY = /^shk_([0-9a-f]{16})_([A-Za-z0-9-]{43})$/

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest()

/** A new key. Its secret has 256 bits of chance, so a plain hash is enough: nobody can try them all. */
export function newKey(): { readonly id: string; readonly hash: Buffer; readonly key: string } {
  const id = randomBytes(8).toString('hex')
  const secret = randomBytes(32).toString('base64url').replaceAll('_', '-')
  return { id, hash: hashOf(secret), key: `shk_${id}_${secret}` }
}

/** The parts of a key; null: this text is none. */
export function readKey(text: string): { readonly id: string; readonly hash: Buffer } | null {
  const [, id, secret] = KEY.exec(text) ?? []
  return id === undefined || secret === undefined ? null : { id, hash: hashOf(secret) }
}
