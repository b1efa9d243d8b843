/*
 * Runs before everything else, on whatever Node the machine has: so it is written for old ones (ES5).
 * npm scripts put node_modules/.bin first, so `node` should be the private copy that `npm ci` brought.
 */
var NEEDED = 24;

function problem(version) {
  var major = parseInt(version.split('.')[0], 10);
  if (major >= NEEDED) return '';
  return [
    'Guildhall needs Node ' + NEEDED + ' or newer. This is Node ' + version + ' (' + process.execPath + ').',
    'npm ci normally brings a private copy for ' + process.platform + '-' + process.arch + '. It is not here.',
    'Do one of these, then try again:',
    '  npm ci --include=optional    if optional packages were left out',
    '  install Node ' + NEEDED + '              if there is no copy for this system (Alpine, for one)',
    '  start it with npm            npm puts the private copy first; a bare `node` does not',
  ].join('\n');
}

if (require.main === module) {
  var text = problem(process.versions.node);
  if (text) {
    console.error(text);
    process.exit(1);
  }
}

module.exports = { problem: problem };
