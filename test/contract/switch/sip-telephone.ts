/**
 * A SIP telephone that can only register, and end its registration (RFC 3261, 10.2): one REGISTER over UDP, which the
 * suite's FreeSWITCH accepts without a password.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { newUuid } from '../../../src/esl/safe-text.ts'

const ANSWERED_WITHIN_MS = 5_000

/** Resolves when FreeSWITCH has answered 200. */
export async function registers(user: string, port: number, there = true): Promise<void> {
  const socket = createSocket('udp4')
  try {
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    const own = `127.0.0.1:${socket.address().port}`
    const lines = [
      'REGISTER sip:127.0.0.1 SIP/2.0',
      `Via: SIP/2.0/UDP ${own};branch=z9hG4bK-${newUuid()};rport`,
      'Max-Forwards: 70',
      `From: <sip:${user}@127.0.0.1>;tag=${newUuid()}`,
      `To: <sip:${user}@127.0.0.1>`,
      `Call-ID: ${newUuid()}`,
      'CSeq: 1 REGISTER',
      there ? `Contact: <sip:${user}@${own}>` : 'Contact: *',
      `Expires: ${there ? 60 : 0}`,
      'Content-Length: 0',
      '',
      '',
    ]
    socket.send(lines.join('\r\n'), port, '127.0.0.1')
    for (;;) {
      const [answer] = (await once(socket, 'message', { signal: AbortSignal.timeout(ANSWERED_WITHIN_MS) })) as [Buffer]
      const status = answer.toString().split('\r\n')[0] ?? ''
      if (status.startsWith('SIP/2.0 200')) return
      if (!status.startsWith('SIP/2.0 1')) throw new Error(`the switch did not take the registration: ${status}`)
    }
  } finally {
    socket.close()
  }
}
