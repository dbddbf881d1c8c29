// Connections to the node under test, whose address is in PELORUS_URL.
import { after } from 'node:test'

import { DDB } from 'dolphindb'

export const url = process.env.PELORUS_URL

const opened = []

/** A logged-in connection; closed when the test file ends. */
export async function connected (options = {}) {
  const ddb = new DDB(url, { username: 'admin', password: '123456', ...options })
  opened.push(ddb)
  await ddb.connect()
  return ddb
}

after(() => {
  for (const ddb of opened) {
    ddb.disconnect()
  }
})
