// `tables.cjs make` makes the tables, `tables.cjs check` tells by its exit code whether they are there.
'use strict';
const { connect } = require('./database.cjs');

const MAKE = 'CREATE TABLE IF NOT EXISTS note (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL)';

async function main(what) {
  const database = connect();
  try {
    if (what === 'make') await database.query(MAKE);
    const { rows } = await database.query("SELECT to_regclass('note') IS NOT NULL AS there");
    process.exitCode = rows[0].there ? 0 : 1;
  } finally {
    await database.end();
  }
}

main(process.argv[2]).catch((error) => {
  console.error(String(error));
  process.exitCode = 1;
});
