// − and + beside a quantity.
fit(()=>$$(".qty button").forEach(b=>b.hidden=0));
on("click",".qty button",(e,b)=>{
const i=$("input",b.parentNode);
i.value=Math.max(0,Math.round((+i.value||0)*1e3+b.value*1e3)/1e3);
i.dispatchEvent(new Event("input",{bubbles:true}));
});
