// SPDX-License-Identifier: LGPL-2.1-or-later
/* html.c - see html.h. */
#include <string.h>

#include "html.h"

/* Two palettes of the same names; everything else uses the names. */
static const char style[] =
	":root{color-scheme:light dark;--back:#fbfaf8;--card:#fff;--text:#23211e;--dim:#6c675f;"
	"--line:#e3dfd8;--accent:#1f6f8b;--soft:#d7e8ee;--bad:#a8321f;--badsoft:#f7e1dc}\n"
	"@media(prefers-color-scheme:dark){:root{--back:#16181b;--card:#1e2125;--text:#e6e3de;"
	"--dim:#9a958c;--line:#33373d;--accent:#6fc3df;--soft:#203a45;--bad:#f0907d;"
	"--badsoft:#45241e}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--back);color:var(--text);font:15px/1.5 "
	"system-ui,sans-serif}\n"
	"main{max-width:68rem;margin:0 auto;padding:2rem 1.5rem 4rem}\n"
	"h1{font-size:1.9rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .8rem}\n"
	".dim{color:var(--dim)}code,.mono{font:13px/1.45 ui-monospace,monospace;"
	"overflow-wrap:anywhere}\n"
	".cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.8rem;"
	"margin:1.5rem 0}\n"
	".card{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
	"padding:.8rem 1rem}\n"
	".card b{display:block;font-size:1.5rem;line-height:1.2}\n"
	".card.bad{background:var(--badsoft);border-color:var(--bad)}.card.bad "
	"b{color:var(--bad)}\n"
	".box{background:var(--card);border:1px solid var(--line);border-radius:.6rem;"
	"padding:.6rem 1rem;overflow-x:auto}\n"
	"details details{margin-left:1.1rem;border-left:2px solid var(--line);padding-left:.7rem}\n"
	"summary{cursor:pointer;padding:.15rem 0}summary b{font-weight:600}\n"
	"ul{margin:.2rem 0 .4rem;padding-left:2.2rem}li{margin:.05rem 0}\n"
	"table{border-collapse:collapse;width:100%}\n"
	"th{text-align:left;font-weight:600;color:var(--dim);border-bottom:1px solid var(--line)}\n"
	"th,td{padding:.3rem .8rem .3rem 0;vertical-align:top}\n"
	"tr+tr td{border-top:1px solid var(--line)}td.dim{white-space:nowrap}\n"
	".tag{display:inline-block;background:var(--soft);border-radius:.4rem;padding:0 .4rem;"
	"margin:0 .3rem .15rem "
	"0;font-size:12px}.tag.bad{background:var(--badsoft);color:var(--bad)}\n"
	"svg{width:100%;height:auto;display:block}.bar{fill:var(--soft)}"
	".curve{fill:none;stroke:var(--accent);stroke-width:2.5}.axis{stroke:var(--line)}"
	"svg text{fill:var(--dim);font:12px system-ui,sans-serif}\n";

void html_add_words(struct text *t, const char *words)
{
	static const struct {
		char c;
		const char *entity;
	} rows[] = {
		{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
		{ '"', "&quot;" }, { '\'', "&#39;" },
	};

	while (*words) {
		size_t plain = strcspn(words, "&<>\"'");

		text_add(t, words, plain);
		words += plain;
		for (size_t i = 0; *words && i < sizeof(rows) / sizeof(rows[0]); i++) {
			if (rows[i].c == *words)
				text_add_string(t, rows[i].entity);
		}
		words += *words != '\0';
	}
}

void html_add(struct text *t, const char *string)
{
	struct text shown = TEXT_EMPTY;

	text_add_shown(&shown, string, strlen(string));
	html_add_words(t, text_get(&shown));
	t->failed |= shown.failed;
	text_done(&shown);
}

void html_add_time(struct text *t, int64_t when)
{
	time_t seconds = (time_t)when;
	char shown[32];
	struct tm tm;

	if (gmtime_r(&seconds, &tm) && strftime(shown, sizeof(shown), "%Y-%m-%d %H:%M:%S", &tm))
		text_add_string(t, shown);
	else
		text_format(t, "%lld", (long long)when);
}

void html_begin(struct text *t, const char *title)
{
	text_add_string(
		t, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		   "style-src 'unsafe-inline'\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		   "<title>");
	html_add(t, title);
	text_format(t, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n", style);
}

void html_end(struct text *t)
{
	text_add_string(t, "</main>\n</body>\n</html>\n");
}
