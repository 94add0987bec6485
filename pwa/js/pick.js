// One record out of many: the rows that a search finds take the place of those that stand below it.
let pause,asked;
const seek=async()=>{
const b=$("[data-pick] button"),ask=asked={},r=await fetch(b.formAction+"?"+new URLSearchParams([...new FormData(b.form),["find",1]])).catch(()=>0),rows=r&&$("[data-pick]~fieldset",new DOMParser().parseFromString(await r.text(),"text/html"));
if(ask===asked&&rows)$("[data-pick]~fieldset").replaceWith(rows);
};
// What was chosen meanwhile stays.
on("change","[data-pick]~fieldset input",()=>asked=0);
on("input","[data-pick] input",()=>{clearTimeout(pause);pause=setTimeout(seek,250)});
on("click","[data-pick] button",e=>{e.preventDefault();seek()});
