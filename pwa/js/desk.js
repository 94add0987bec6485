// A wide screen: keys, and a record beside its list. Phones do not load this.
{
const beside=matchMedia("(min-width:1200px)"),home=here(),came=from,title=document.title;
// What measures a place, takes photos or stands at the bottom of its page needs a page of its own.
const whole="[data-talk],[data-locate],[data-outbox],[data-step],[type=file],.footed";
let pane,turn;
const rows=()=>$$(".list a.cell");
const chosen=()=>$(".list .on");
const mark=href=>rows().forEach(r=>{
const is=href&&path(r.href)===path(href);
r.classList.toggle("on",is);
is?r.setAttribute("aria-current","true"):r.removeAttribute("aria-current");
});
const read=async href=>{
const r=await fetch(href);
if(!r.ok||path(r.url)!==path(href))throw 0;
return new DOMParser().parseFromString(await r.text(),"text/html");
};
const shut=()=>{
pane?.remove();
turn=pane=null;
dirty=0;
from=came;
document.title=title;
document.body.classList.remove("paned");
const r=chosen();
mark();
r?.focus({preventScroll:true});
};
const show=async(href,push)=>{
const mine=turn={};
let page;
try{page=await read(href)}catch(_){if(mine===turn)location=href;return}
// Of two quick clicks the last one holds, whichever answer comes first.
if(mine!==turn)return;
const main=$("main",page),head=$("header",page),bar=$(".bar",page);
if(!main||$(whole,page.documentElement))return location=href;
if(push)history[pane?.isConnected?"replaceState":"pushState"]({from:new URL(home,location).href},"",href);
from=new URL(home,location).href;
pane?.remove();
$(".back",head)?.remove();
const name=$("h1",head),close=make("button",{className:"ib",type:"button",onclick:()=>history.back()},"✕"),open=make("a",{className:"ib",href},"⤢");
close.setAttribute("aria-label",T.close);
open.setAttribute("aria-label",T.open);
const top=make("div",{className:"ph"});
top.append(make("h2",{innerHTML:name.innerHTML}),...[...head.children].filter(e=>e!==name),open,close);
if(bar)bar.className="acts-bar";
pane=make("aside",{className:"pane",tabIndex:-1},top,...(bar?[bar]:[]),make("div",{className:"rec"},...main.children));
pane.setAttribute("aria-label",name.firstChild?.data||"");
$("main").after(pane);
document.body.classList.add("paned");
document.title=page.title;
mark(href);
$$("script[src]",page.head).map(s=>s.getAttribute("src")).forEach(src=>$(`script[src="${src}"]`)||document.head.append(make("script",{src,async:false})));
fits.forEach(f=>f());
revive();
};
on("click",".list a.cell",(e,a)=>{
if(!beside.matches||e.button||e.ctrlKey||e.metaKey||e.shiftKey||e.altKey||e.target.closest("a")!==a)return;
e.preventDefault();
a.focus({preventScroll:true});
show(a.href,1);
});
// The list's own arrow leaves the list, not the record beside it.
document.addEventListener("click",e=>{
const a=pane?.isConnected&&e.target.closest?.("header .back");
if(a){e.preventDefault();e.stopImmediatePropagation();location=a.href}
},true);
// Where an answer took the place of the page, the list is not here any more.
addEventListener("popstate",()=>pane&&!pane.isConnected?location.reload():here()===home?shut():rows().some(r=>path(r.href)===here())?show(location.href):0);
// News renews the list and the record beside it.
const reload=told.reload;
told.reload=async at=>{
if(!pane?.isConnected)return reload(at);
if(dirty||$("dialog")||!(home.split("?")[0]+"/").startsWith(at.path+"/")&&!(location.pathname+"/").startsWith(at.path+"/"))return;
const page=await read(home).catch(()=>0),now=page&&$(".list",page);
if(dirty||!pane)return;
if(now)$(".list").replaceWith(now);
const y=pane.scrollTop;
await show(location.href);
if(pane)pane.scrollTop=y;
};
const find=$(".search [type=search]"),fresh=$('header a[href*="/new"],.bar a.btn[href*="/new"]');
const hint=(e,to,k)=>{
e.setAttribute("aria-keyshortcuts",k);
const h=make("kbd",{},k);
h.setAttribute("aria-hidden","true");
to.append(h);
};
if(find)hint(find,find.form,"/");
if(fresh)hint(fresh,fresh,"n");
const step=by=>{
const all=rows().length?rows():$$("main a.cell"),i=all.indexOf(document.activeElement),from=i<0?all.indexOf(chosen()):i;
all[from<0?by>0?0:all.length-1:Math.max(0,Math.min(all.length-1,from+by))]?.focus();
};
const keys={"/":()=>find?.focus(),n:()=>fresh?.click(),ArrowDown:()=>step(1),ArrowUp:()=>step(-1)};
document.addEventListener("keydown",e=>{
const field=e.target.closest?.("input,textarea,select");
if(e.ctrlKey||e.metaKey||e.altKey||e.isComposing||$("dialog[open]"))return;
if(e.key==="Escape"){
if(field)field.blur();
else if(pane?.isConnected&&!e.target.closest?.(".call"))history.back();
return;
}
const f=!field&&!e.target.closest?.(".pane,.tab")&&keys[e.key];
if(f){e.preventDefault();f()}
});
}
