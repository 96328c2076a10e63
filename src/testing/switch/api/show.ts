/** `show`: FreeSWITCH's list of its channels. It lags, and it keeps ended legs as long as a connection lingers. */
import type { Channel } from '../channel.ts'
import type { SimulatedSwitch } from '../simulated-switch.ts'
import type { Api } from './index.ts'

type Row = Record<string, string>

/**
 * The list shows a leg so long after its arrival. FreeSWITCH's database lags by up to this much, the simulation always.
 */
const LAG_MS = 100

const listed = (sim: SimulatedSwitch): Channel[] =>
  [...sim.channels.values()].filter(channel => sim.clock.now() - channel.createdAt >= LAG_MS)

function channelRow(channel: Channel): Row {
  const { fields, times } = channel.profile
  const created = Math.floor(times.created / 1_000_000)
  const application = channel.currentApplication
  const codec = channel.direction === 'inbound' || channel.hasMedia
  return {
    uuid: channel.uuid,
    direction: channel.direction,
    created: new Date(created * 1_000).toISOString().slice(0, 19).replace('T', ' '),
    created_epoch: String(created),
    name: channel.name,
    state: channel.row.state,
    cid_name: fields.callerIdName,
    cid_num: fields.callerIdNumber,
    ip_addr: fields.networkAddr,
    dest: fields.destinationNumber,
    application: application?.application ?? '',
    application_data: application?.data ?? '',
    dialplan: fields.dialplan,
    context: fields.context,
    read_codec: codec ? 'PCMU' : '',
    read_rate: codec ? '8000' : '',
    read_bit_rate: codec ? '64000' : '',
    write_codec: codec ? 'PCMU' : '',
    write_rate: codec ? '8000' : '',
    write_bit_rate: codec ? '64000' : '',
    secure: '',
    hostname: 'sim',
    presence_id: '',
    presence_data: '',
    accountcode: '',
    callstate: channel.row.callState,
    callee_name: fields.calleeIdName,
    callee_num: fields.calleeIdNumber,
    callee_direction: '',
    call_uuid: channel.variables.get('call_uuid') ?? '',
    sent_callee_name: '',
    sent_callee_num: '',
    initial_cid_name: fields.origCallerIdName,
    initial_cid_num: fields.origCallerIdNumber,
    initial_ip_addr: fields.networkAddr,
    initial_dest: fields.destinationNumber,
    initial_dialplan: fields.dialplan,
    initial_context: fields.context,
  }
}

const registrationRow = (user: string): Row => ({
  reg_user: user,
  realm: '127.0.0.1',
  token: `${user}@sim`,
  url: `sofia/internal/sip:${user}@127.0.0.1:5071`,
  expires: '3600',
  network_ip: '127.0.0.1',
  network_port: '5071',
  network_proto: 'udp',
  hostname: 'sim',
  metadata: '',
})

const COMMON = 'uuid direction created created_epoch name state cid_name cid_num ip_addr dest'
const SHOWN = 'presence_id presence_data accountcode callstate callee_name callee_num callee_direction'
const SENT = 'sent_callee_name sent_callee_num'
const CALL_COLUMNS = `${COMMON} ${SHOWN} call_uuid hostname ${SENT}`.split(' ')
const B_COLUMNS = `${COMMON} ${SHOWN} ${SENT}`.split(' ')

/** One row per call: two bridged legs are one call. */
function callRows(sim: SimulatedSwitch, bridgedOnly: boolean): Row[] {
  const rows: Row[] = []
  const second = new Set<string>()
  for (const channel of listed(sim))
    if (channel.bridged && channel.bridgeOriginator && channel.partner) second.add(channel.partner.uuid)
  for (const channel of listed(sim)) {
    if (second.has(channel.uuid)) continue
    const other = channel.bridged && channel.bridgeOriginator ? channel.partner : undefined
    if (bridgedOnly && !other) continue
    const [own, peer] = [channelRow(channel), other && channelRow(other)]
    const row: Row = {}
    for (const column of CALL_COLUMNS) row[column] = own[column] ?? ''
    for (const column of B_COLUMNS) row[`b_${column}`] = peer?.[column] ?? ''
    rows.push({
      ...row,
      call_created_epoch: other ? String(Math.floor(channel.profile.times.bridged / 1_000_000)) : '',
    })
  }
  return rows
}

function print(rows: Row[], json: boolean, count: boolean): string {
  if (json) {
    if (rows.length === 0) return '{"row_count": 0}\n'
    return JSON.stringify({ row_count: rows.length, rows: count ? [] : rows })
  }
  if (rows.length === 0 || count) return `\n${rows.length} total.\n`
  const columns = Object.keys(rows[0]!)
  return `${columns.join(',')}\n${rows.map(row => columns.map(column => row[column]).join(',')).join('\n')}\n\n${rows.length} total.\n`
}

export const showApi: Record<string, Api> = {
  show(sim, argument) {
    const [what = '', ...options] = argument.toLowerCase().split(/ +/)
    const json = options.includes('json')
    const count = options.includes('count')
    switch (what) {
      case 'channels':
        return print(listed(sim).map(channelRow), json, count)
      case 'calls':
        return print(callRows(sim, false), json, count)
      case 'bridged_calls':
        return print(callRows(sim, true), json && !count, false) // FreeSWITCH cannot count these
      case 'registrations':
        return print(sim.world.registered.map(registrationRow), json, count)
      default:
        sim.unknown.push(`api show ${what}`)
        return '-USAGE: show\n'
    }
  },
}
