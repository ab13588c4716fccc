'use strict'
/*
 * electron-builder calls this with the project that WiX would compile, which can't be had here. It keeps a copy, and ends
 * the build before WiX is downloaded.
 */
const fs = require('node:fs')

exports.default = (file) => {
  fs.copyFileSync(file, process.env.MSI_PROJECT)
  throw new Error('The project is written; it is not compiled here.')
}
