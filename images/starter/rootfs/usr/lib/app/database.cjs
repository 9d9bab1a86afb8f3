// The configuration that a step writes, and connections to the database that it names.
'use strict';
const { readFileSync } = require('node:fs');
const { Pool } = require('pg');

exports.configuration = JSON.parse(readFileSync('/etc/app/app.json', 'utf8'));
exports.connect = () => new Pool({ ...exports.configuration.database, max: 5, connectionTimeoutMillis: 5000 });
