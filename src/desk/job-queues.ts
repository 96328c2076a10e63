/**
 * The public queues of BullMQ, and the form of their jobs: docs/jobs.md is the page for people who use them. Each turns
 * the payload of a job into the request for an operation. Pure; jobs.ts performs the request.
 */
import { z } from 'zod'
import type { SwitchhookError } from '../base/errors.ts'
import { readInput } from '../base/parsed.ts'

export const OPERATION_QUEUE = 'switchhook-operations'
export const CAMPAIGN_QUEUE = 'switchhook-campaigns'
export const DIAL_QUEUE = 'switchhook-dial'

/** What a job asks for. */
interface Request {
  readonly operation: string
  readonly input: unknown
  readonly by?: string | undefined
}

/** One queue: how its jobs are read, and what their result and their failure are. */
export interface Door {
  readonly queue: string
  /** BullMQ's names of the jobs; null: those of the operations. */
  readonly jobs: readonly string[] | null
  /** Jobs at the same time on one node. With 1 they run in their order. */
  readonly concurrency: number
  request(job: string, payload: unknown): Request
  answer(output: unknown): unknown
  failure(error: SwitchhookError): string
}

const Payload = z.strictObject({
  v: z.literal(1),
  by: z.string().min(1).max(100).optional(),
  input: z.record(z.string(), z.unknown()).default({}),
})
const CampaignPayload = z.strictObject({ v: z.literal(1), campaign: z.string().min(1) })
const DialPayload = z.looseObject({ v: z.literal(1) })

export const DOORS: readonly Door[] = [
  {
    queue: OPERATION_QUEUE,
    jobs: null,
    concurrency: 50,
    request: (operation, payload) => ({ operation, ...readInput(Payload, payload) }),
    answer: output => output,
    failure: ({ code, message }) => `${code}: ${message}`,
  },
  {
    queue: CAMPAIGN_QUEUE,
    jobs: ['start', 'pause', 'stop'],
    concurrency: 1,
    request: (command, payload) => ({
      operation: `campaign.${command}`,
      input: { name: readInput(CampaignPayload, payload).campaign },
    }),
    answer: output => {
      const { campaign, state } = output as { campaign: string; state: string }
      return { campaign, state }
    },
    failure: ({ message }) => message,
  },
  {
    queue: DIAL_QUEUE,
    jobs: ['click-to-dial'],
    concurrency: 50,
    request(_, payload) {
      const { v: _v, product_code: productCode, call_type: callType, ...input } = readInput(DialPayload, payload)
      const ids = { ...(productCode !== undefined && { productCode }), ...(callType !== undefined && { callType }) }
      return { operation: 'call.dial', input: { ...input, ...ids } }
    },
    answer: output => ({ uuid: (output as { uuid: string }).uuid }),
    failure: ({ message }) => message,
  },
]
