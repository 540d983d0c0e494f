// mail.js PORT CONNECTIONS MAILS BYTES: send that many mails through nodemailer's
// pool; prints wall time and CPU time in seconds.
'use strict';
const nodemailer = require('nodemailer');
const [port, connections, mails, bytes] = process.argv.slice(2).map(Number);
const words = 'your team spends hours each week moving orders between tools that were never meant to talk and somebody always pays for it later we saw that you are hiring operations people so perhaps this year more of the work could run by itself instead of by hand'.split(' ');

function body(number) {
	let text = '';
	for (let k = 1; text.length < bytes; k++)
		text += words[(number * 31 + k * 17 + ((number * k) >> 3)) % words.length] + ' ';
	return text.slice(0, bytes);
}

async function main() {
	const pool = nodemailer.createTransport({ host: '127.0.0.1', port, pool: true, maxConnections: connections, maxMessages: Infinity, ignoreTLS: true });
	const bodies = [];
	for (let i = 1; i <= mails; i++)
		bodies.push(body(i));
	const cpu = process.cpuUsage();
	const began = process.hrtime.bigint();
	await Promise.all(bodies.map((text, i) => pool.sendMail({
		from: 'Ana <ana@flowline.example>', to: `Contact <contact@mail-${i}.example>`,
		subject: `A question about company ${i}`, text })));
	const took = Number(process.hrtime.bigint() - began) / 1e9;
	const used = process.cpuUsage(cpu);
	pool.close();
	console.log(`${took.toFixed(3)} ${((used.user + used.system) / 1e6).toFixed(3)}`);
}

main().catch((error) => { console.error(error); process.exit(1); });
