// − and + beside a quantity.
const step=(box,by,sign,label)=>{
const b=make("button",{type:"button",onclick:()=>{
const i=$("input",box);
i.value=Math.max(0,Math.round((+i.value||0)*1e3+by*1e3)/1e3);
i.dispatchEvent(new Event("input",{bubbles:true}));
}},sign);
b.setAttribute("aria-label",label);
return b;
};
fit(()=>$$("[data-step]").forEach(box=>{if($("button",box))return;box.prepend(step(box,-1,"−",T.less));$("input",box).after(step(box,1,"+",T.more))}));
