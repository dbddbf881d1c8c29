// Runs a script file on PELORUS_URL and prints what came of it as JSON:  seed_script.js FILE QUERY
// {"count": the script's own count, "rows": rows of the query, "sum": of its first column}
import { readFile } from 'node:fs/promises'

import { DDB } from 'dolphindb'

const [file, query] = process.argv.slice(2)
const ddb = new DDB(process.env.PELORUS_URL, { username: 'admin', password: '123456' })
const [{ count }] = (await ddb.eval(await readFile(file, 'utf8'))).data()
const table = await ddb.eval(query)
const sum = table.value[0].value.reduce((total, id) => total + id, 0)
ddb.disconnect()
console.log(JSON.stringify({ count: Number(count), rows: table.rows, sum }))
