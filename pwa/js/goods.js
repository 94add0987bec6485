// Choosing goods: another shelf takes the place of the one shown, and what is chosen is summed up. The sum is a
// help; the server decides.
let mine,soon,shelf=1;
const sum=()=>{
const s=$("#sum small");
let n=0,total=0;
$$(".goods").forEach(r=>{
const[,i,pick,price]=$$("input,select",r),d=pick.selectedOptions[0].dataset;
$$("[data-of]",r).forEach(p=>{
p.hidden=p.dataset.of!==pick.value;
p.classList.toggle("hot",d.n/1e3<i.value);
});
if(!i.value)return;
n++;
total+=Math.round((price?.value?price.value*100:d.p)*i.value)||0;
});
$("#sum b").textContent=total?"¥"+(total/100).toLocaleString("en",{minimumFractionDigits:2}):"";
s.textContent=s.dataset.n.replace("%n",n);
};
fit(sum);
// Without a network, what stands here stays.
const look=async find=>{
const f=$("#f-q").form,ask=mine={},r=await fetch($("[name=find]").formAction+"?"+new URLSearchParams([["find",shelf=find],...new FormData(f)])).catch(()=>0),page=r&&$("#goods",new DOMParser().parseFromString(await r.text(),"text/html"));
// What was chosen meanwhile is asked for with the rest.
if(ask!==mine)return mine||look(find);
if(!page)return;
$("#goods").replaceWith(page);
fits.forEach(fit=>fit());
if(find==="last")save(f);
};
on("input",".goods",(e,r)=>{
const i=$("[name^=quantity]",r);
mine=0;
// Nothing of a product is no line, except in a count.
if(!e.isTrusted&&i.value==="0"&&!$("[data-goods=count]")){i.value="";save(i.form)}
sum();
});
on("input","#f-q",()=>{clearTimeout(soon);soon=setTimeout(look,250,1)});
on("change","[name=warehouse_id]",()=>look(shelf));
on("click","[name=find]",(e,b)=>{e.preventDefault();look(b.value)});
