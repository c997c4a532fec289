/**
 * The HTML pages of boxes between a client and the service. Rule: a page stands for its maker (a gateway,
 * a firewall, a proxy), and its words and headers are the maker's own.
 */
import { STATUS_CODES } from 'node:http';

/** A page as it is sent. */
export interface Page {
	status: number;
	body: string;
	headers?: Readonly<Record<string, string>>;
}

/** nginx's name of a status that HTTP does not define: the client closed the request. */
const gatewayNames: Readonly<Record<number, string>> = { 499: 'Client Closed Request' };

/** A gateway's page for this status. */
export function gatewayPage(status: number): string {
	const title = `${status} ${gatewayNames[status] ?? STATUS_CODES[status] ?? 'Unknown'}`;
	return `<html>\n<head><title>${title}</title></head>\n<body>\n<center><h1>${title}</h1></center>\n<hr><center>Tengine</center>\n</body>\n</html>\n`;
}

const gateway = (status: number): Page => ({
	status,
	body: gatewayPage(status),
	headers: { server: 'Tengine' },
});

const page = (title: string, body: string): string =>
	`<!DOCTYPE html>\n<html>\n<head><meta charset="utf-8"><title>${title}</title></head>\n<body>\n${body}\n</body>\n</html>\n`;

/** Squid's page for a request that it does not forward. */
const squid = (status: number, title: string, words: string, headers = {}): Page => ({
	status,
	body: page(`ERROR: ${title}`, `<h1>ERROR</h1>\n<h2>${title}</h2>\n<p>${words}</p>`),
	headers: { server: 'squid/6.10', ...headers },
});

export const pages = {
	gateway400: gateway(400),
	/** Seen between good responses of relays; title and headline are Cloudflare's. */
	cloudflare403: {
		status: 403,
		body: page(
			'Attention Required! | Cloudflare',
			'<h1>Sorry, you have been blocked</h1>\n<p>This website is using a security service to protect itself from online attacks.</p>',
		),
		headers: { server: 'cloudflare', 'cf-ray': '0123456789abcdef-HKG' },
	},
	gateway404: gateway(404),
	/** Aliyun WAF (issue Ekultek/WhatWaf#1256 records its headers). */
	waf405: {
		status: 405,
		body: page(
			'405',
			"<h2>Sorry, your request has been blocked as it may cause potential threats to the server's security.</h2>\n<p>很抱歉，由于您访问的URL有可能对网站造成安全威胁，您的访问被阻断。</p>",
		),
		headers: { server: 'Tengine', 'set-cookie': 'acw_tc=0bc1a058;path=/;HttpOnly;Max-Age=1800' },
	},
	proxy403: squid(403, 'Access Denied.', 'Access control configuration prevents your request.'),
	proxy407: squid(
		407,
		'Cache Access Denied.',
		'Sorry, you are not currently allowed to request this from this cache until you have authenticated yourself.',
		{ 'proxy-authenticate': 'Basic realm="proxy"' },
	),
	gateway502: gateway(502),
	proxy502: squid(502, 'The requested URL could not be retrieved', 'Connection to failed.'),
} as const satisfies Record<string, Page>;

export type PageName = keyof typeof pages;
