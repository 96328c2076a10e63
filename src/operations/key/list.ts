import { z } from 'zod'
import { apiKeys } from '../../store/api-keys.ts'
import { operation } from '../operation.ts'
import { keyShape } from './key-shape.ts'

export default operation({
  name: 'key.list',
  summary: 'the keys of the HTTP API, also revoked ones, and when each was last used',
  needs: 'database',
  role: 'administrator',
  positional: [],
  input: z.strictObject({}),
  output: z.array(keyShape),
  refusals: [],
  changes: false,
  run: ({ sql }) => apiKeys(sql),
})
