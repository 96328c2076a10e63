/** Answers that many API commands share, identical to FreeSWITCH's. */

export const OK = '+OK\n'
export const NO_CHANNEL = '-ERR No such channel!\n'
export const NO_SESSION = '-ERR Cannot locate session!\n'
export const usage = (syntax: string): string => `-USAGE: ${syntax}\n`
