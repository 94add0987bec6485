// node-pdu (npm) at both ends: reads SMS-SUBMIT, and writes it.
// A JSON object a line: {"decode": [hexadecimal…]} or {"encode": {"to": …, "text": …}}.

import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const { parse, Submit } = require('node-pdu');

function decode(pdus) {
  return {
    parts: pdus.map((pdu) => {
      const read = parse(pdu);
      const header = read.data.parts[0]?.header;
      const place = header ? [header.getPointer(), header.getSegments(), header.getCurrent()] : null;
      const international = read.address.type.type === 1;
      return { to: (international ? '+' : '') + read.address.phone.replace(/^\+/, ''), text: read.data.getText(), place };
    }),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = asked.decode ? decode(asked.decode) : { pdus: new Submit(asked.encode.to, asked.encode.text).getPartStrings() };
  } catch (error) {
    answer = { error: String(error) };
  }
  console.log(JSON.stringify(answer));
}
