// A list of named checks, run in the order they were written, and their count.
const known = []

export const check = (name, run) => known.push({ name, run })

// Runs the checks, at most 30 s each, and ends the program: with 1 where one failed or none ran.
export async function runChecks(end = async () => {}) {
    const word = process.argv[3] ?? ''
    let passed = 0
    let failed = 0
    for (const { name, run } of known.filter((one) => one.name.includes(word))) {
        let timer
        const late = new Promise((_, reject) => {
            timer = setTimeout(() => reject(new Error('not done within 30 s')), 30_000)
        })
        try {
            await Promise.race([run(), late])
            passed += 1
            console.log(`ok   ${name}`)
        } catch (error) {
            failed += 1
            const line = /[a-z_]+\.mjs:\d+/.exec((error.stack ?? '').replace(/checks\.mjs:\d+/g, ''))?.[0] ?? ''
            console.log(`FAIL ${name}: ${`${error.name}: ${error.message}`.replace(/\s+/g, ' ').slice(0, 700)} ${line}`)
            if (process.env.TRACE) console.log(error)
        } finally {
            clearTimeout(timer)
        }
    }
    console.log(`${passed} passed, ${failed} failed`)
    await Promise.race([end(), new Promise((done) => setTimeout(done, 2000))]).catch(() => {})
    process.exit(failed || !passed ? 1 : 0)
}

export const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))

// The error that a promise ends with; an answer is a failure.
export async function refused(promise) {
    let answer
    try {
        answer = await promise
    } catch (error) {
        return error
    }
    throw new Error(`nothing was refused; the answer is ${String(answer).slice(0, 200)}`)
}

// What arrives, `count` items within ten seconds: start(push) begins, and may give what ends it.
export async function arriving(count, start, cause) {
    const items = []
    let arrived
    const all = new Promise((done) => {
        arrived = done
    })
    const end = await start((item) => {
        items.push(item)
        if (items.length === count) arrived()
    })
    const caused = await cause()
    const late = pause(10_000).then(() => {
        throw new Error(`${items.length} of ${count} arrived within 10 s`)
    })
    await Promise.race([all, late])
    late.catch(() => {})
    await end?.()
    return { items, caused }
}
