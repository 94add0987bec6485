// Answers that many people give, put into the field above them.
fit(()=>$$("[data-fill]").forEach(b=>b.hidden=0));
on("click","[data-fill] button",(e,b)=>{
const i=document.getElementById(b.parentNode.dataset.fill),had=!/date/.test(i.type)&&i.value.trim();
i.value=(had?had+"\n":"")+b.value;
i.dispatchEvent(new Event("input",{bubbles:true}));
});
