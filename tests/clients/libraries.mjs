// The client libraries as npm installed them under target/rpc-clients, and the names of the network's parts.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

export const library = createRequire(new URL('../../target/rpc-clients/package.json', import.meta.url))
export const probe = () => JSON.parse(readFileSync(new URL('probe/Probe.json', import.meta.url), 'utf8'))
export const WORDS = 'test test test test test test test test test test test junk'

export function urls() {
    const http = process.argv[2]
    if (!http) {
        console.error('usage: node PROGRAM.mjs URL [WORD]')
        process.exit(2)
    }
    return { http, ws: http.replace(/^http/, 'ws') }
}
