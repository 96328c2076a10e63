/** Answers that many API commands share, to the letter. */

export const OK = '+OK\n'
export const NO_CHANNEL = '-ERR No such channel!\n'
export const NO_SESSION = '-ERR Cannot locate session!\n'
export const usage = (syntax: string): string => `-USAGE: ${syntax}\n`
