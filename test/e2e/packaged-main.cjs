'use strict'
/*
 * The main file of the package for end-to-end tests, which is never published: a packaged app takes no `-r`, so this loads
 * what SPEC_REQUIRE names before the app's own main file.
 */
const path = require('node:path')

for (const file of (process.env.SPEC_REQUIRE ?? '').split(path.delimiter)) if (file !== '') require(file)
require('./out/main/index.js')
