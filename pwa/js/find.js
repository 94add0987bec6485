// Looks through a list that lies on the phone: by what stands there, by digits without their gaps, by initials.
const bare=s=>s.toLowerCase().replace(/\s/g,"");
// The next page's rows are looked through with these.
const rest=async()=>{
const next=$("[data-find]~.pager [rel=next]");
if(!next)return;
const r=await caches.match(next.href)||await fetch(next.href),page=new DOMParser().parseFromString(await r.text(),"text/html");
$("[data-k]").parentNode.append(...$$("[data-k]",page));
next.closest(".pager").remove();
};
const look=f=>$$("[data-k]").forEach(r=>r.hidden=!bare(r.textContent+r.dataset.k).includes(bare(f.value)));
on("focusin","[data-find] input",(e,f)=>rest().then(()=>look(f),()=>{}));
on("input","[data-find] input",(e,f)=>look(f));
document.addEventListener("submit",e=>e.target.closest("[data-find]")&&e.preventDefault());
