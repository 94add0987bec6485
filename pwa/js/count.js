// Units, parts and cost of a message while it is written, as the preview counts them.
const basic=/[\n\r -?@A-Z_a-z¡£¤¥§¿ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùüΓΔΘΛΞΠΣΦΨΩ]/,extended=/[\f^{}\\[~\]|€]/;
const measure=text=>{
const all=[...text],gsm=all.every(c=>basic.test(c)||extended.test(c)),widths=all.map(c=>gsm?basic.test(c)?1:2:c.length),units=widths.reduce((a,b)=>a+b,0);
const one=gsm?160:70,each=gsm?153:67;
let parts=units?1:0,filled=0;
if(units>one)for(const w of widths){if(filled+w>each){parts++;filled=0}filled+=w}
return[units,parts];
};
fit(()=>$$("[data-count]").forEach(p=>{
const area=$("textarea",p.closest("form")),d=p.dataset,say=()=>{
const text=area.value.trim(),signed=text[0]==="【"?text:d.before+text,[units,parts]=measure(text&&(d.after&&text.includes(d.after.trim())?signed:signed+d.after));
p.textContent=T.count.replace("%u",units).replace("%p",parts).replace("%c",(d.price*parts/100).toFixed(2));
};
area.addEventListener("input",say);
say();
}));
