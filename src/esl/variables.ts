/**
 * Which channel variables a flow may set. A name may come from outside (a column of a lead list), and FreeSWITCH gives
 * hundreds of names a meaning: it runs the values of some, opens those of others as files or streams, and routes by
 * others. Switchhook also routes by some.
 */
import { InputError } from '../base/errors.ts'
import { ident, type Ident } from './safe-text.ts'

/**
 * FreeSWITCH runs their values as applications or api commands, or uses them as paths and patterns of what it runs and
 * writes (source of 1.10.12).
 */
const CODE =
  /^(api_|execute_on_|exec_|bridge_pre_execute_|group_confirm_|bind_meta|sip_h_|sip_route_uri|sip_network_destination|origination_nested_vars|record_post_process|session_in_hangup_hook|(xml|json)_cdr_base)|_(exec|exec_api|hook|template)$/i

/** Switchhook identifies its legs by these, and controls where FreeSWITCH sends them next. */
const RESERVED =
  /^(switchhook_|origination_|originate_|socket_resume$|transfer_after_bridge$|park_after_bridge$|hangup_after_bridge$|max_session_transfers$|media_timeout$|ignore_early_media$|uuid)/i

/**
 * The first words of the variables that FreeSWITCH 1.10.12 reads from a channel: switch_channel_get_variable and its
 * variants, all modules.
 */
const FREESWITCH = new Set(
  (
    '3pcc absolute accountcode add advertised alert answer api app areacode asr att attended attxfer audio auto bda bert bind blind ' +
    'bridge bypass cache call callee caller campon cases cc cdr channel chat cidlookup codec conference confirm context continue copy ' +
    'core country curl currency current default delay deny destination detect device dialed dialplan digits directory disable displace ' +
    'distributor dlg dmachine drop dtls dtmf early easyroute eavesdrop echo effective enable endpoint ent enum ep esf event exclude exec ' +
    'execute export fail failed failure fax fifo filter fire flip force forked format fs fsk gender generic group hangup hash heartbeat ' +
    'hold holding httapi ice ignore import inbound include inherit initial inline instant intercept intralata intrastate ivr jb ' +
    'jitterbuffer js jsock json language last lcr leg legacydtls limit local log loopback lowbal lrn lua max media member memory min ' +
    'monitor multicast mutex native ndlb network nibble no nobal nolocal null odbc oreka original originate origination originator other ' +
    'outbound outcall pa page park pass passthru perl ping play playback pound pre prefix presence preserve process progress proto proxy ' +
    'push python radius rate rayo rdnis read record recording recovered recovery refuse remote return ring ringback rss rtc rtcp rtp say ' +
    'sched sdp secondary send sensitive session signal sip skinny skip skype sleep socket sofia soft sonar sound spandsp speech spy srtp ' +
    'star stream strftime supplied suppress supress switch switchhook system t30 t38 temp timer timezone tod tone transfer translate tts ' +
    'update user uuid v18 vad valet variable verbose verto video vlc vm vmd voicemail wait webrtc xfer xml zrtp'
  ).split(' '),
)

/** Harmless names that begin with one of those words: records of a call, language and codec. */
const HARMLESS: ReadonlySet<string> = new Set(['call_type', 'accountcode', 'language', 'absolute_codec_string'])

const isCode = (name: string): boolean => CODE.test(name)

/** For esl/dialstring.ts. Throws InputError when FreeSWITCH would run the value of this variable. */
export function assertNoCode(name: Ident): void {
  if (isCode(name))
    throw new InputError(`the variable '${name}' cannot be set, FreeSWITCH would run its value: ${ALLOWED}`)
}

/**
 * A variable that a flow may set on a live leg. Throws InputError for one whose value FreeSWITCH runs, and for
 * Switchhook's own.
 */
export function legVariable(name: string): Ident {
  const word = ident(name)
  assertNoCode(word)
  if (RESERVED.test(name))
    throw new InputError(`the variable '${name}' cannot be set, Switchhook controls its calls by it: ${ALLOWED}`)
  return word
}

/**
 * A variable that a flow may set on a leg that it dials, for records and events. Throws InputError for any name that
 * FreeSWITCH reads.
 */
export function dialVariable(name: string): Ident {
  const word = legVariable(name)
  const [first = ''] = name.toLowerCase().split(/[_.-]/, 1)
  if (!/^[a-z]/i.test(name) || (FREESWITCH.has(first) && !HARMLESS.has(name))) {
    throw new InputError(
      `the variable '${name}' cannot be set on a dialled leg, FreeSWITCH acts on such names: ${ALLOWED}`,
    )
  }
  return word
}

const ALLOWED = `names of your own are allowed (crmuuid, product_code, lead_source, x_anything), and ${[...HARMLESS].join(', ')}`
