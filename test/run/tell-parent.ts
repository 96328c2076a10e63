/**
 * The reporter of a process of a test run (`--test-reporter`): converts the events of node:test into the messages of
 * told.ts. Prints nothing.
 */
import { inspect } from 'node:util'
import type { TestEvent } from 'node:test/reporters'
import { BEGINS, ENDS, told } from './told.ts'

export default async function* tellParent(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let tests = 0
  for await (const event of events) {
    if (event.type === 'test:dequeue' && !isMarker(event.data.name)) told({ what: 'begins', test: event.data.name })
    if (event.type === 'test:diagnostic' && event.data.nesting > 0)
      told({ what: 'diagnostic', text: event.data.message })
    if (event.type === 'test:pass') {
      const { name, skip, todo, details } = event.data
      if (name.startsWith(BEGINS)) {
        tests = 0
        told({ what: 'file', file: name.slice(BEGINS.length) })
      } else if (name.startsWith(ENDS)) told({ what: 'file over', file: name.slice(ENDS.length), tests })
      else if (details.type !== 'suite') {
        tests++
        told({
          what: skip !== undefined || todo !== undefined ? 'skipped' : 'passed',
          test: name,
          ms: details.duration_ms,
        })
      }
    }
    if (event.type === 'test:fail') {
      const { name, details } = event.data
      tests++
      const error = details.error as Error & { failureType?: string }
      // a test or a suite that fails because a test in it failed adds no information
      if (error.failureType !== 'subtestsFailed')
        told({ what: 'failed', test: name, ms: details.duration_ms, error: inspect(error.cause ?? error) })
    }
  }
  yield ''
}

const isMarker = (name: string): boolean => name.startsWith(BEGINS) || name.startsWith(ENDS)
