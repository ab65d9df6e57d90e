"""The names of the demo's people, and what brings them to a clinic. Nobody is a real person."""

_FIRST_NAMES = (
    "Adriana Alice Aline Amanda Ana Antônia Beatriz Bianca Bruna Camila Carla Carolina Cecília"
    " Cláudia Cristina Daniela Débora Eduarda Elaine Fernanda Flávia Gabriela Helena Isabela"
    " Jéssica Joana Júlia Juliana Larissa Letícia Lívia Luana Lúcia Luísa Márcia Maria Mariana"
    " Natália Patrícia Paula Priscila Rafaela Renata Rita Sandra Simone Sônia Tatiana Teresa"
    " Vanessa Vera Vitória Alexandre André Antônio Arthur Bruno Caio Carlos Célio César Daniel"
    " Davi Diego Douglas Edson Eduardo Fábio Felipe Fernando Francisco Gabriel Guilherme Gustavo"
    " Henrique Hugo Igor Ivan João Joaquim Jorge José Júlio Leandro Leonardo Luan Lucas Luís"
    " Marcelo Márcio Marcos Mateus Maurício Miguel Nelson Otávio Paulo Pedro Rafael Renato"
    " Ricardo Roberto Rodrigo Rogério Samuel Sérgio Thiago Vinícius Vítor Wagner"
)
_SURNAMES = (
    "Aguiar Albuquerque Almeida Alves Amaral Andrade Aragão Araújo Assis Azevedo Barbosa Barros"
    " Batista Bezerra Borges Braga Brito Cabral Caldas Camargo Campos Cardoso Carvalho Castro"
    " Cavalcanti Conceição Correia Costa Coutinho Cunha Dias Duarte Esteves Farias Fernandes"
    " Ferreira Figueiredo Fonseca Freitas Galvão Garcia Gomes Gonçalves Guimarães Leite Lima"
    " Lopes Macedo Machado Magalhães Marques Martins Medeiros Melo Mendes Menezes Miranda Monteiro"
    " Moraes Moreira Moura Nascimento Neves Nogueira Nunes Oliveira Pacheco Peixoto Pereira"
    " Pimentel Pinheiro Pinto Pires Queiroz Ramos Rangel Resende Ribeiro Rocha Rodrigues Sales"
    " Sampaio Santana Santos Silva Silveira Siqueira Soares Souza Tavares Teixeira Torres Valente"
    " Vasconcelos Vaz Viana Vieira Xavier"
)
FIRST_NAMES = tuple(_FIRST_NAMES.split())
SURNAMES = tuple(_SURNAMES.split())

HISTORIES = (
    "",
    "Lombalgia crônica, piora ao ficar sentado por muito tempo.",
    "Cervicalgia com cefaleia tensional; trabalha no computador.",
    "Pós-operatório de reconstrução do LCA do joelho direito.",
    "Entorse de tornozelo esquerdo, segundo episódio.",
    "Capsulite adesiva do ombro direito. Diabetes tipo 2.",
    "Fascite plantar bilateral; corre três vezes por semana.",
    "Reabilitação após AVC, hemiparesia à esquerda. Hipertensão controlada.",
    "Epicondilite lateral do cotovelo direito.",
    "Artrose dos joelhos; aguarda avaliação cirúrgica.",
    "Gestante, 28 semanas, dor na cintura pélvica.",
    "Fratura de punho consolidada, rigidez à extensão.",
    "Escoliose idiopática, em acompanhamento desde a adolescência.",
)
NOTES = (
    "Refere melhora da dor (EVA 6 para 4). Mobilização e exercícios ativos.",
    "Sem queixas novas. Progressão de carga bem tolerada.",
    "Dor leve após a sessão anterior. Mantida a intensidade.",
    "Ganho de amplitude. Orientados exercícios para casa.",
    "Treino de marcha e equilíbrio, sem intercorrências.",
)
